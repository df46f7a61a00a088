"""The lake's configuration: assets, sources, feeds and alert rules.

Declared in terraform/environments/<env>.tfvars, validated by Terraform, rendered by
terraform/config.tf into one JSON object in the artifacts bucket whose key holds its
hash, and read from there by every function. (A Lambda environment holds 4 KB at most.)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from coinlake import alert_rules, intervals
from coinlake.alert_rules import Digest, MarketRule, Notices, PriceRule
from coinlake.errors import BadConfiguration
from coinlake.keys import RawKey, Slot
from coinlake.stores import ObjectStore

MAX_CONFIG_BYTES: Final = 1 << 20
WINDOWED: Final = frozenset({"candles", "price_points"})
LISTS: Final = frozenset({"assets", "rates", "sentiment"})
_LOWER_QUOTE: Final = frozenset({"price_points", "ohlc"})  # whose keys name a market bitcoin-usd
_DAY: Final = timedelta(days=1)
# Sources that bring another source's data: its name is in the rows, its ids are in the asset map.
_OWNERS: Final = {"binance_archive": "binance"}


def owner(source: str) -> str:
    """Whose data a source brings: mostly its own."""
    return _OWNERS.get(source, source)


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How to reach one source. The API key itself is only in SSM, under ``api_key_parameter``.

    ``requests_per_minute`` counts what the source counts: at Binance, weight. The header holds
    ``api_key_prefix`` ("Bearer ") and the key. ``credits_per_month`` None is no monthly quota.
    """

    name: str
    base_url: str
    requests_per_minute: int
    api_key_header: str | None = None
    api_key_parameter: str | None = None
    api_key_prefix: str = ""
    credits_per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of raw objects: what to ask of which source, how often.

    ``quotes`` feeds ask for the ``top`` assets by market cap or for ``assets`` by name;
    ``candles`` and ``price_points`` feeds ask for ``assets``, each time for the last ``lookback``
    closed buckets, so that a missed run heals itself; ``ohlc`` feeds, and those of an archive, for
    the last ``lookback`` days; ``assets``, ``rates`` and ``sentiment`` feeds for one whole list.
    ``markets`` are the assets' names in keys, ``BTC-USD``. ``off_reason`` says why a feed that was
    wanted is off, as for want of a key.
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

    def due(self, scheduled: datetime) -> datetime:
        """The slot time of a run: its scheduled time floored to the interval."""
        return intervals.floor(scheduled, self.interval)

    def page_key(self, due: datetime, page: int) -> RawKey:
        """Where one page of a quotes feed lands."""
        return RawKey(self.source, self.dataset, Slot(due, (self.name, self.quote.lower(), f"p{page}")))

    def window_key(self, due: datetime, market: str) -> RawKey:
        """Where one market's window of ``lookback`` buckets, ending before ``due``, lands."""
        return window_key(
            self.source, self.dataset, market, interval=self.interval, end=due, count=self.lookback
        )

    def named_key(self, due: datetime, *parts: str) -> RawKey:
        """Where the answer for one market, or a whole list, lands."""
        return RawKey(self.source, self.dataset, Slot(due, parts))

    def owns(self, source: str, dataset: str, slot: Slot) -> bool:
        """Whether an object of this source, dataset and slot is one that this feed asks for."""
        if (source, dataset) != (self.source, self.dataset):
            return False
        market, *rest = slot.parts or ("",)
        if dataset in LISTS:
            return len(slot.parts) == 1
        if dataset in WINDOWED:
            lengths = (str(self.lookback), f"{slot.time - _DAY:%Y-%m-%d}")  # an archive's is its day
            return market in self.markets and rest in [[self.interval, length] for length in lengths]
        if dataset == "ohlc":
            return market in self.markets and rest == [f"{self.lookback}d"]
        return market == self.name if rest else market in self.markets


def window_key(
    source: str, dataset: str, market: str, *, interval: str, end: datetime, count: int | str
) -> RawKey:
    """Where one market's window lands, the same for a feed and a backfill.

    ``end`` is exclusive; ``count`` is its number of buckets, or an archive file's period, "2024-05".
    """
    return RawKey(source, dataset, Slot(end, (market, interval, str(count))))


@dataclass(frozen=True, slots=True)
class LakeConfig:
    """The whole configuration; ``assets`` maps symbol → source → that source's id.

    ``price_rules`` are told by new trusted rows, ``market_rules`` by refined tables.
    """

    assets: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, SourceConfig]
    feeds: Mapping[str, Feed]
    price_rules: tuple[PriceRule, ...]
    notices: Notices
    private_sources: bool
    environment: str
    market_rules: tuple[MarketRule, ...] = ()
    digest: Digest | None = None

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Raise ``BadConfiguration`` where the object is not what terraform/config.tf renders."""
        try:
            return cls._from_document(json.loads(body, parse_float=Decimal))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadConfiguration(
                f"the configuration object is malformed ({type(error).__name__}: {error}); "
                "run terraform apply again"
            ) from None

    @classmethod
    def load(cls, store: ObjectStore, key: str) -> Self:
        """Read the object that Terraform wrote; one GET per cold start."""
        return cls.from_json(store.get(key, MAX_CONFIG_BYTES).body)

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Self:
        rules = alert_rules.rules(document["price_rules"])
        return cls(
            assets={
                symbol: {source: name for source, name in ids.items() if name}
                for symbol, ids in document["assets"].items()
            },
            sources={name: SourceConfig(name=name, **entry) for name, entry in document["sources"].items()},
            feeds={name: _feed(name, entry, document["assets"]) for name, entry in document["feeds"].items()},
            price_rules=tuple(rule for rule in rules if isinstance(rule, PriceRule)),
            notices=alert_rules.notices(document["notices"]),
            private_sources=document["private_sources"],
            environment=document["environment"],
            market_rules=tuple(rule for rule in rules if isinstance(rule, MarketRule)),
            digest=alert_rules.digest(document.get("digest")),
        )

    def feed(self, name: str) -> Feed:
        try:
            return self.feeds[name]
        except KeyError:
            raise BadConfiguration(
                f"there is no feed {name[:80]!r}; the feeds are {', '.join(sorted(self.feeds))}"
            ) from None

    def symbol(self, source: str, asset_id: str) -> str:
        """The canonical symbol of a source's asset id.

        An id that the map does not hold keeps its own name, ``coingecko:some-id``: tickers
        collide across projects, so a symbol is never guessed from one.
        """
        for symbol, ids in self.assets.items():
            if ids.get(source) == asset_id:
                return symbol
        return f"{source}:{asset_id}"


def _feed(name: str, entry: Mapping[str, Any], assets: Mapping[str, Mapping[str, str]]) -> Feed:
    intervals.duration(entry["interval"])
    wanted = {"quote": "USD", "top": None, "lookback": 1, **entry, "assets": tuple(entry.get("assets") or ())}
    quote = wanted["quote"].lower() if entry["dataset"] in _LOWER_QUOTE else wanted["quote"]
    ids = [assets.get(symbol, {}).get(owner(entry["source"])) for symbol in wanted["assets"]]
    return Feed(name=name, markets=tuple(f"{asset_id}-{quote}" for asset_id in ids if asset_id), **wanted)
