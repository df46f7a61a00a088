"""Feeds: what is requested from which source, how often, and how the answers are named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from coinlake import intervals
from coinlake.keys import RawKey, Slot
from coinlake.sources import owner

_WINDOWED: Final = frozenset({"candles", "price_points"})
_LISTS: Final = frozenset({"assets", "rates", "sentiment"})
_LOWER_QUOTE: Final = frozenset({"price_points", "ohlc"})  # whose keys name a market bitcoin-usd
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of raw objects: what to ask of which source, how often.

    ``quotes`` feeds ask for the ``top`` assets by market cap or for ``assets`` by name;
    ``candles`` and ``price_points`` feeds ask for ``assets``, each time for the last ``lookback``
    closed buckets, so that a missed run heals itself; ``ohlc`` feeds, and those of an archive, for
    the last ``lookback`` days; ``assets``, ``rates`` and ``sentiment`` feeds for one whole list.
    ``markets`` are the assets' names in keys, ``BTC-USD``. ``off_reason`` says why a configured feed is off,
    for example for want of a key; ``schedule`` is EventBridge's expression.
    """

    name: str
    source: str
    dataset: str
    quote: str
    interval: str
    assets: tuple[str, ...]
    top: int | None
    lookback: int
    stale_after_minutes: int
    enabled: bool
    markets: tuple[str, ...] = ()
    off_reason: str | None = None
    schedule: str | None = None

    @classmethod
    def of(cls, name: str, entry: Mapping[str, Any], assets: Mapping[str, Mapping[str, str]]) -> Self:
        """From the feed's entry in the configuration; ``assets`` are the configuration's too."""
        intervals.duration(entry["interval"])
        fields = {
            "quote": "USD",
            "top": None,
            "lookback": 1,
            **entry,
            "assets": tuple(entry.get("assets") or ()),
        }
        quote = fields["quote"].lower() if entry["dataset"] in _LOWER_QUOTE else fields["quote"]
        ids = [assets.get(symbol, {}).get(owner(entry["source"])) for symbol in fields["assets"]]
        return cls(name=name, markets=tuple(f"{asset_id}-{quote}" for asset_id in ids if asset_id), **fields)

    def due(self, scheduled: datetime) -> datetime:
        """The slot time of a run: its scheduled time floored to the interval."""
        return intervals.floor(scheduled, self.interval)

    def page_key(self, due: datetime, page: int) -> RawKey:
        """Where one page of a quotes feed lands."""
        return RawKey(self.source, self.dataset, Slot(due, (self.name, self.quote.lower(), f"p{page}")))

    def named_key(self, due: datetime, *parts: str) -> RawKey:
        """Where the answer for one market, or a whole list, lands."""
        return RawKey(self.source, self.dataset, Slot(due, parts))

    def owns(self, source: str, dataset: str, slot: Slot) -> bool:
        """Whether an object of this source, dataset and slot is one that this feed asks for."""
        if (source, dataset) != (self.source, self.dataset):
            return False
        market, *rest = slot.parts or ("",)
        if dataset in _LISTS:
            return len(slot.parts) == 1
        if dataset in _WINDOWED:
            lengths = (str(self.lookback), f"{slot.time - _DAY:%Y-%m-%d}")  # an archive's is its day
            return market in self.markets and rest in [[self.interval, length] for length in lengths]
        if dataset == "ohlc":
            return market in self.markets and rest == [f"{self.lookback}d"]
        return market == self.name if rest else market in self.markets
