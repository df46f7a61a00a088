"""What should exist: the candles that the feeds ask for, and those that a backfill once asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from audit.committed import DATASET, CommittedWindow
from audit.gap_ledger import PreviousAudit
from audit.months import Month
from coinlake.config import LakeConfig
from coinlake.feeds import Feed
from coinlake.sources import owner

Span = tuple[datetime, datetime]
_SeriesName = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class ExpectedMarket:
    """A market in the lake's words, its ``name`` in the slots of its source, and whether a feed asks."""

    base: str
    quote: str
    name: str
    has_feed: bool


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """The candles of one source, its archives' included, and interval, and by market every window over them.

    ``settles`` is how late a candle may be and not missed, ``feed_start`` where the first answer
    that a feed asked for begins.
    """

    source: str
    interval: str
    markets: tuple[ExpectedMarket, ...]
    windows: Mapping[str, Sequence[CommittedWindow]]
    settles: timedelta
    feed_start: datetime | None

    @classmethod
    def of(
        cls,
        config: LakeConfig,
        name: _SeriesName,
        feeds: Sequence[Feed],
        windows: Sequence[CommittedWindow],
    ) -> Self:
        source, interval = name
        with_feed = {
            f"{config.assets[asset][source]}-{feed.quote}"
            for feed in feeds
            for asset in feed.assets
            if source in config.assets.get(asset, {})
        }
        by_market: dict[str, list[CommittedWindow]] = {}
        for window in windows:
            by_market.setdefault(window.market, []).append(window)
        markets = {
            _expected_market(config, source, market, market in with_feed)
            for market in {*with_feed, *by_market}
        }
        settles = max((feed.stale_after_minutes for feed in feeds), default=0)
        feed_start = min(
            (
                window.start
                for window in windows
                if any(feed.owns(window.key.source, DATASET, window.key.slot) for feed in feeds)
            ),
            default=None,
        )
        return cls(
            source, interval, tuple(sorted(markets)), by_market, timedelta(minutes=settles), feed_start
        )

    def windows_of(self, market: ExpectedMarket) -> Sequence[CommittedWindow]:
        return self.windows.get(market.name, ())

    def windows_between(
        self, market: ExpectedMarket, start: datetime, end: datetime
    ) -> list[CommittedWindow]:
        """The market's windows that overlap the time from ``start`` to ``end``."""
        return [window for window in self.windows_of(market) if window.start < end and window.end > start]


def expected_series(config: LakeConfig, windows: Iterable[CommittedWindow]) -> list[CandleSeries]:
    """By source and interval. An asset without an id at the source is not expected of its feed."""
    feeds: dict[_SeriesName, list[Feed]] = {}
    for feed in config.feeds.values():
        if feed.dataset == DATASET and feed.enabled:
            feeds.setdefault((owner(feed.source), feed.interval), []).append(feed)
    committed: dict[_SeriesName, list[CommittedWindow]] = {}
    for window in windows:
        committed.setdefault((owner(window.key.source), window.interval), []).append(window)
    return [
        CandleSeries.of(config, name, feeds.get(name, ()), committed.get(name, ()))
        for name in sorted({*feeds, *committed})
    ]


def expected_span(
    series: CandleSeries, market: ExpectedMarket, previous: PreviousAudit, month: Month, now: datetime
) -> Span | None:
    """From the first bucket that was asked for to the last, end exclusive; of a feed's market to ``now``.

    A feed's market that was never asked for is expected since its feed ran. None where nothing is.
    """
    pair = market.base, market.quote
    known = [(window.start, window.end) for window in series.windows_of(market)]
    if pair in previous.spans:
        known.append(previous.spans[pair])
    if pair in previous.reached and (market.has_feed or previous.reached[pair] >= month.start):
        known.append((month.start, month.start))
    if not known and market.has_feed and series.feed_start:
        known.append((series.feed_start, series.feed_start))
    if not known:
        return None
    end = now if market.has_feed else max(end for _, end in known)
    return max(month.start, min(start for start, _ in known)), min(month.end, end, now)


def _expected_market(config: LakeConfig, source: str, name: str, has_feed: bool) -> ExpectedMarket:
    """``BTC-USDT`` at a source that calls Bitcoin BTC; one that left the asset map keeps its own name."""
    asset_id, _, quote = name.rpartition("-")
    return ExpectedMarket(config.symbol(source, asset_id), quote, name, has_feed)
