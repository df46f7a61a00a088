"""One month of one source's candles: gather the facts, judge, refill, write the books."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from audit.books import Books
from audit.evidence import Evidence
from audit.feeds import Market, Wanted
from audit.judging import Facts, Run, State, Venue, judge, runs, silent
from audit.months import Month
from audit.refill import Refill
from audit.windows import Window, cover, newest
from coinlake import intervals
from coinlake.stores import ObjectStore

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier audits found, by base and quote: who traded before, and what cannot be refilled."""

    audited: bool
    traded: frozenset[Pair]
    given_up: dict[Pair, dict[datetime, str]]

    @classmethod
    def of(cls, before: Sequence[Run], same: Iterable[Run], step: timedelta) -> Self:
        """From the runs of the month before, and those that the same month had so far."""
        given_up: dict[Pair, dict[datetime, str]] = {}
        for run in same:
            if run.state is State.UNFILLABLE:
                moments = (run.open_time + number * step for number in range(run.buckets))
                given_up.setdefault((run.base, run.quote), {}).update(
                    (moment, run.evidence or "") for moment in moments
                )
        traded = frozenset((run.base, run.quote) for run in before if run.state is State.PRESENT)
        return cls(bool(before), traded, given_up)


@dataclass(frozen=True, slots=True)
class Audit:
    """Audits what is ``wanted`` as of ``now``; ``again`` asks once more for what was given up."""

    lake: ObjectStore
    refill: Refill
    wanted: Wanted
    now: datetime
    again: bool = False

    def month(self, month: Month) -> list[Run]:
        """The month's runs, as written. Nothing is expected before anything was ever asked for."""
        books, evidence = Books(self.lake, *self._name), Evidence(self.lake, self.wanted.interval)
        windows = evidence.windows(self.wanted.origins, month, self.now)
        same = () if self.again else books.read(month)
        memory = Memory.of(books.read(month.before()), same, self._step)
        first = min((window.start for window in windows), default=month.end)
        start = month.start if memory.audited else first
        buckets = list(month.buckets(self.wanted.interval, start, self.now))
        facts = [_facts(evidence, market, windows, buckets, memory) for market in self.wanted.markets]
        found = [run for judged in self._judged(facts, buckets) for run in self._mended(judged)]
        if found:
            books.write(month, found)
        return found

    @property
    def _name(self) -> tuple[str, str]:
        return self.wanted.source, self.wanted.interval

    @property
    def _step(self) -> timedelta:
        return intervals.duration(self.wanted.interval)

    def _judged(self, markets: Sequence[Facts], buckets: Sequence[datetime]) -> Iterator[Run]:
        settled = self.now - self.wanted.settles - self._step
        venue = Venue(self.wanted.source, settled, silent(buckets, markets))
        for facts in markets:
            yield from runs(facts.base, facts.quote, judge(facts, venue, buckets), self._step)

    def _mended(self, run: Run) -> Iterator[Run]:
        if run.state is not State.OUR_OUTAGE:
            return iter((run,))
        return self.refill.fill(run, *self._name, self._step)


def _facts(
    evidence: Evidence, market: Market, windows: Iterable[Window], buckets: Sequence[datetime], memory: Memory
) -> Facts:
    """Read as few answers as tell all, and for each hole the last that should have filled it."""
    if not buckets:
        return Facts(market.base, market.quote, set(), {}, {}, {}, traded_before=False)
    month, pair = Month.of(buckets[0].date()), (market.base, market.quote)
    own = [window for window in windows if window.market == market.name]
    last = newest(own, evidence.interval)
    present = evidence.candles(cover(own, month.start, month.end), month)
    holes = [bucket for bucket in buckets if bucket in last and bucket not in present]
    deciding = list(dict.fromkeys(last[bucket] for bucket in holes))
    present |= evidence.candles(deciding, month)
    answers = dict(zip(deciding, evidence.answers(deciding), strict=True))
    return Facts(*pair, present, last, answers, memory.given_up.get(pair, {}), pair in memory.traded)
