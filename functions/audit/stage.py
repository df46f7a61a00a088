"""audit: what became of every candle bucket that should exist, month by month; holes are asked for again.

For each source and interval, and each month of the event: what is expected (``expectation``), what
was committed (``committed``), why a bucket is or is not there (``classification``), what ingest is asked
for now (``refill``), and the result, written as a whole (``gap_ledger``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from audit.classification import (
    BucketState,
    MarketFacts,
    Run,
    SourceFacts,
    State,
    asked_times,
    classify,
    doubtful,
    runs,
    silent_buckets,
)
from audit.committed import CommittedCandles, CommittedWindow, committed_windows, cover, newest_by_bucket
from audit.expectation import CandleSeries, ExpectedMarket, expected_series, expected_span
from audit.gap_ledger import GapLedger, PreviousAudit
from audit.listing import Listing, newest_listing
from audit.months import Month, months_of_event
from audit.refill import IN_PROGRESS, REQUESTED, Refill
from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.sources import catalog
from coinlake.stores import ObjectStore

RESERVE_MILLISECONDS: Final = 90_000  # an answer of ingest's, then classifying and writing what is left
MAX_TIMES_ASKED: Final = 3
DOUBTED: Final = "absent among candles"
_UNEXPLAINED: Final = frozenset({State.OUR_OUTAGE, State.UNFILLABLE})


@dataclass(frozen=True, slots=True)
class Audit:
    """The stage over one ``lake`` bucket."""

    lake: ObjectStore
    config: LakeConfig
    refill: Refill
    clock: Callable[[], datetime]

    def handle(self, event: dict[str, Any], remaining_milliseconds: Callable[[], int]) -> dict[str, int]:
        """Audit the months of ``event`` and return the number of buckets by state, zeros included.

        ``refilled`` counts those asked for now, ``unexplained`` those that nothing explains or will bring.
        ``"again": true`` also asks once more for what was given up. Raises ``BadConfiguration`` for an
        event without months, ``StoreUnavailable`` where AWS fails.
        """

        def has_time() -> bool:
            return remaining_milliseconds() > RESERVE_MILLISECONDS

        now = self.clock()
        months = months_of_event(event, now.date())
        counts = Counter[str]()
        listings: dict[str, Listing | None] = {}
        for series in expected_series(self.config, committed_windows(self.lake, months[0].start.date())):
            if series.source not in listings:
                listings[series.source] = newest_listing(self.lake, series.source, now.date())
            audit = SeriesAudit(
                self.lake,
                self.refill,
                series,
                now,
                has_time,
                event.get("again") is True,
                listings[series.source],
            )
            for month in months:
                counts += count(audit.month(month))
        if counts["unexplained"]:
            metrics.add_metric("GapsUnexplained", MetricUnit.Count, counts["unexplained"])
        logger.info("audited", buckets=counts["buckets"], unexplained=counts["unexplained"])
        names = ("buckets", *(state.value for state in State), "refilled", "unexplained")
        return {name: counts[name] for name in names}


@dataclass(frozen=True, slots=True)
class SeriesAudit:
    """Audits a ``series`` as of ``now``; with ``retry`` what was given up is asked for once more."""

    lake: ObjectStore
    refill: Refill
    series: CandleSeries
    now: datetime
    has_time: Callable[[], bool]
    retry: bool = False
    listing: Listing | None = None

    def month(self, month: Month) -> list[Run]:
        """The month's runs, as written. Nothing is expected that was never asked for."""
        ledger = GapLedger(self.lake, self.series.source, self.series.interval)
        previous = PreviousAudit.of(ledger.read(month.before()), ledger.read(month), self._step)
        if self.retry:
            previous = replace(previous, given_up={})
        markets = (*self.series.markets, *self._lost_markets(previous))
        facts = [self._facts(market, previous, month) for market in markets]
        results = [run for classified in self._classified(facts) for run in self._refilled(classified)]
        if results:
            ledger.write(month, results)
        return results

    @property
    def _step(self) -> timedelta:
        return intervals.duration(self.series.interval)

    def _lost_markets(self, previous: PreviousAudit) -> Iterator[ExpectedMarket]:
        """Markets that the gap ledger knows, and of whose windows the ledger holds none any more."""
        known = {(market.base, market.quote) for market in self.series.markets}
        for base, quote in sorted(previous.spans.keys() - known):
            yield ExpectedMarket(base, quote, f"{base}-{quote}", has_feed=False)

    def _facts(self, market: ExpectedMarket, previous: PreviousAudit, month: Month) -> MarketFacts:
        """Read as few answers as say all, and for each hole the last that should have filled it."""
        span = expected_span(self.series, market, previous, month, self.now)
        buckets = list(month.buckets(self.series.interval, *span)) if span else []
        windows = self.series.windows_between(market, month.start, month.end) if buckets else []
        committed = CommittedCandles(self.lake, self.series.interval)
        newest = newest_by_bucket(windows, self.series.interval)
        present = committed.bucket_starts(cover(windows, month.start, month.end), month)
        holes = [bucket for bucket in buckets if bucket in newest and bucket not in present]
        deciding = list(dict.fromkeys(newest[bucket] for bucket in holes))
        requests = {
            window.request for window in deciding
        }  # whose earlier answers may hold what the last lacks
        present |= committed.bucket_starts([one for one in windows if one.request in requests], month)
        outcomes = dict(zip(deciding, committed.outcomes(deciding), strict=True))
        pair = market.base, market.quote
        given_up = previous.given_up.get(pair, {})
        return MarketFacts(
            *pair,
            buckets,
            present,
            newest,
            outcomes,
            given_up,
            pair in previous.listed,
            previous.asked.get(pair, {}),
            self.listing.delisted(pair) if self.listing else None,
        )

    def _classified(self, markets: Sequence[MarketFacts]) -> Iterator[Run]:
        settled = self.now - self.series.settles - self._step
        source = catalog().get(self.series.source)
        omits_idle = source is not None and source.omits_idle_buckets
        facts_of_source = SourceFacts(omits_idle, settled, silent_buckets(markets))
        for facts in markets:
            states = self._asked_again(facts, classify(facts, facts_of_source), facts_of_source)
            yield from runs(facts.base, facts.quote, states, self._step)

    def _asked_again(
        self, facts: MarketFacts, states: Sequence[BucketState], source: SourceFacts
    ) -> Sequence[BucketState]:
        """Have ingest ask once more for the answers whose absences are doubtful, ``MAX_TIMES_ASKED`` times in
        all, then their absence is a fact."""
        doubts = [
            bucket
            for bucket in doubtful(facts, states, source)
            if facts.asked.get(bucket, 1) < MAX_TIMES_ASKED
        ]
        asked: dict[CommittedWindow, bool] = {}
        for window in dict.fromkeys(facts.newest[bucket] for bucket in doubts):
            asked[window] = self.has_time() and bool(self.refill.ask_again(window, facts.base, facts.quote))
        pending = {
            bucket: f"{DOUBTED}, {asked_times(facts.asked.get(bucket, 1) + 1)}"
            for bucket in doubts
            if asked[facts.newest[bucket]]
        }
        return [
            replace(state, state=State.PENDING, evidence=pending[state.bucket])
            if state.bucket in pending
            else state
            for state in states
        ]

    def _refilled(self, run: Run) -> Iterable[Run]:
        if run.state is not State.OUR_OUTAGE:
            return (run,)
        return self.refill.fill(run, self.series.source, self.series.interval, self.has_time)


def count(audited: Iterable[Run]) -> Counter[str]:
    """Buckets, by state too, those asked for now and those that nothing explains or will bring."""
    counts: Counter[str] = Counter()
    for run in audited:
        counts["buckets"] += run.buckets
        counts[run.state.value] += run.buckets
        counts["refilled"] += run.buckets if run.evidence == REQUESTED else 0
        counts["unexplained"] += run.buckets if is_unexplained(run) else 0
    return counts


def is_unexplained(run: Run) -> bool:
    return run.state in _UNEXPLAINED and run.evidence not in IN_PROGRESS
