"""What should exist: the candles that the feeds ask for, and those that a backfill once asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from audit.windows import Window
from coinlake.config import LakeConfig
from coinlake.feeds import Feed, owner

DATASET: Final = "candles"
_Name = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Market:
    """A market in the lake's words, its ``name`` in the slots of its source, and whether a feed asks."""

    base: str
    quote: str
    name: str
    fed: bool


@dataclass(frozen=True, slots=True)
class Series:
    """The candles of one source, its archives' included, and interval, and by market every window over them.

    ``settles`` is how late a candle may be and not missed, ``fed_since`` where the first answer
    that a feed asked for begins.
    """

    source: str
    interval: str
    markets: tuple[Market, ...]
    windows: Mapping[str, Sequence[Window]]
    settles: timedelta
    fed_since: datetime | None

    @classmethod
    def of(cls, config: LakeConfig, name: _Name, feeds: Sequence[Feed], windows: Sequence[Window]) -> Self:
        source, interval = name
        fed = {
            f"{config.assets[asset][source]}-{feed.quote}"
            for feed in feeds
            for asset in feed.assets
            if source in config.assets.get(asset, {})
        }
        by_market: dict[str, list[Window]] = {}
        for window in windows:
            by_market.setdefault(window.market, []).append(window)
        markets = {_market(config, source, market, market in fed) for market in {*fed, *by_market}}
        late = max((feed.stale_after_minutes for feed in feeds), default=0)
        regular = [
            window.start
            for window in windows
            if any(feed.owns(window.key.source, DATASET, window.key.slot) for feed in feeds)
        ]
        since = min(regular, default=None)
        return cls(source, interval, tuple(sorted(markets)), by_market, timedelta(minutes=late), since)

    def of_market(self, market: Market) -> Sequence[Window]:
        return self.windows.get(market.name, ())

    def over(self, market: Market, start: datetime, end: datetime) -> list[Window]:
        """The market's windows that overlap the time from ``start`` to ``end``."""
        return [window for window in self.of_market(market) if window.start < end and window.end > start]


def expected(config: LakeConfig, windows: Iterable[Window]) -> list[Series]:
    """By source and interval. An asset without an id at the source is not expected of its feed."""
    feeds: dict[_Name, list[Feed]] = {}
    for feed in config.feeds.values():
        if feed.dataset == DATASET and feed.enabled:
            feeds.setdefault((owner(feed.source), feed.interval), []).append(feed)
    asked: dict[_Name, list[Window]] = {}
    for window in windows:
        asked.setdefault((owner(window.key.source), window.interval), []).append(window)
    return [
        Series.of(config, name, feeds.get(name, ()), asked.get(name, ())) for name in sorted({*feeds, *asked})
    ]


def _market(config: LakeConfig, source: str, name: str, fed: bool) -> Market:
    """``BTC-USDT`` at a source that calls Bitcoin BTC; one that left the asset map keeps its own name."""
    asset_id, _, quote = name.rpartition("-")
    return Market(config.symbol(source, asset_id), quote, name, fed)
