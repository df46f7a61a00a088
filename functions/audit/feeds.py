"""What should exist: the candles that the enabled feeds ask for."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from coinlake.config import Feed, LakeConfig

DATASET: Final = "candles"
ARCHIVES: Final = {"binance_archive": "binance"}  # an archive keeps its venue's candles


@dataclass(frozen=True, slots=True, order=True)
class Market:
    """A market in the lake's words, and its ``name`` in the slots of its source."""

    base: str
    quote: str
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The candles of one source and interval; ``settles`` is how late one may be and not missed."""

    source: str
    interval: str
    markets: tuple[Market, ...]
    settles: timedelta

    @property
    def origins(self) -> tuple[str, ...]:
        """The source and its archives: a candle may come from either."""
        return self.source, *(archive for archive, venue in ARCHIVES.items() if venue == self.source)


def wanted(config: LakeConfig) -> list[Wanted]:
    """By source and interval. An asset without an id at the source is not expected there."""
    groups: dict[tuple[str, str], list[Feed]] = {}
    for feed in config.feeds.values():
        if feed.dataset == DATASET and feed.enabled:
            source = ARCHIVES.get(feed.source, feed.source)
            groups.setdefault((source, feed.interval), []).append(feed)
    return [_group(config, *name, feeds) for name, feeds in sorted(groups.items())]


def _group(config: LakeConfig, source: str, interval: str, feeds: list[Feed]) -> Wanted:
    markets = {
        Market(asset, feed.quote, f"{config.assets[asset][source]}-{feed.quote}")
        for feed in feeds
        for asset in feed.assets
        if source in config.assets.get(asset, {})
    }
    late = max(feed.stale_after_minutes for feed in feeds)
    return Wanted(source, interval, tuple(sorted(markets)), timedelta(minutes=late))
