"""One month of one source's candles: gather the facts, judge, refill, write the books."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from audit import spans
from audit.books import Books
from audit.evidence import Evidence
from audit.judging import Facts, Run, State, Venue, judge, runs, silent
from audit.memory import Memory
from audit.months import Month
from audit.refill import Refill
from audit.series import Market, Series
from audit.windows import Window, cover, newest
from coinlake import intervals
from coinlake.stores import ObjectStore


@dataclass(frozen=True, slots=True)
class Audit:
    """Audits a ``series`` as of ``now``; ``again`` asks once more for what was given up."""

    lake: ObjectStore
    refill: Refill
    series: Series
    now: datetime
    again: bool = False

    def month(self, month: Month) -> list[Run]:
        """The month's runs, as written. Nothing is expected that was never asked for."""
        books = Books(self.lake, *self._name)
        memory = Memory.of(books.read(month.before()), books.read(month), self._step)
        if self.again:
            memory = replace(memory, given_up={})
        markets = (*self.series.markets, *self._lost(memory))
        facts = [self._facts(market, memory, month) for market in markets]
        found = [run for judged in self._judged(facts) for run in self._mended(judged)]
        if found:
            books.write(month, found)
        return found

    def _lost(self, memory: Memory) -> Iterator[Market]:
        """Markets that the books know, and of whose windows the ledger holds none any more."""
        known = {(market.base, market.quote) for market in self.series.markets}
        for base, quote in sorted(memory.spans.keys() - known):
            yield Market(base, quote, f"{base}-{quote}", fed=False)

    @property
    def _name(self) -> tuple[str, str]:
        return self.series.source, self.series.interval

    @property
    def _step(self) -> timedelta:
        return intervals.duration(self.series.interval)

    def _facts(self, market: Market, memory: Memory, month: Month) -> Facts:
        """Read as few answers as tell all, and for each hole the last that should have filled it."""
        span = spans.expected(self.series, market, memory, month, self.now)
        buckets = list(month.buckets(self.series.interval, *span)) if span else []
        own = self.series.over(market, month.start, month.end) if buckets else []
        evidence, last = Evidence(self.lake, self.series.interval), newest(own, self.series.interval)
        present = evidence.candles(cover(own, month.start, month.end), month)
        holes = [bucket for bucket in buckets if bucket in last and bucket not in present]
        deciding: list[Window] = list(dict.fromkeys(last[bucket] for bucket in holes))
        present |= evidence.candles(deciding, month)
        answers = dict(zip(deciding, evidence.answers(deciding), strict=True))
        pair = market.base, market.quote
        given_up = memory.given_up.get(pair, {})
        return Facts(*pair, buckets, present, last, answers, given_up, pair in memory.listed)

    def _judged(self, markets: Sequence[Facts]) -> Iterator[Run]:
        settled = self.now - self.series.settles - self._step
        venue = Venue(self.series.source, settled, silent(markets))
        for facts in markets:
            yield from runs(facts.base, facts.quote, judge(facts, venue), self._step)

    def _mended(self, run: Run) -> Iterator[Run]:
        if run.state is not State.OUR_OUTAGE:
            return iter((run,))
        return self.refill.fill(run, *self._name, self._step)
