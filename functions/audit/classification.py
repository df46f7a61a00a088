"""Why a bucket is or is not there. Pure: facts in, one state for each bucket out.

present       a committed answer holds its candle
no_trade      the source publishes nothing for idle buckets, and answered without it
venue_outage  the whole source lacks it (see ``silent_buckets``), or it publishes idle buckets too
our_outage    nobody asked for it; audit has ingest ask
not_listed    the source answered, and knows no candle before it, or after it and lists the market no more
unfillable    the source refuses it, or its answer was rejected
pending       closed so recently that its feed may not have asked yet
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from math import log
from typing import Any, Final, NamedTuple

from audit.committed import CommittedWindow, WindowOutcome
from coinlake.intervals import EPOCH

_MIN_MARKETS: Final = 2  # one market's silence is not the venue's
_NEIGHBOURS: Final = 12  # buckets on either side that tell how dense a market is
_LOG_THOUSAND: Final = log(1000)
LACKING: Final = "answered, this market lacks it"
_ASKED: Final = re.compile(r"asked ([0-9]+) times")
_MIN_STEADY_SHARE: Final = 0.95  # of the buckets in which anything traded: then its silence means something


class State(StrEnum):
    PRESENT = "present"
    NO_TRADE = "no_trade"
    VENUE_OUTAGE = "venue_outage"
    OUR_OUTAGE = "our_outage"
    NOT_LISTED = "not_listed"
    UNFILLABLE = "unfillable"
    PENDING = "pending"


_ABSENT: Final = frozenset({State.NO_TRADE, State.VENUE_OUTAGE, State.NOT_LISTED})


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What is known of one market's ``buckets``, those that are expected.

    ``present`` may hold others, for some sources answer more than they were asked. ``newest`` is the last
    window over each bucket, ``outcomes`` what came of those over a hole, ``given_up`` why an earlier audit
    could not refill a bucket, ``asked`` how often a bucket was asked for where that was more than once,
    ``delisted`` how the source's own list says that the market is gone.
    """

    base: str
    quote: str
    buckets: Sequence[datetime]
    present: Set[datetime]
    newest: Mapping[datetime, CommittedWindow]
    outcomes: Mapping[CommittedWindow, WindowOutcome]
    given_up: Mapping[datetime, str]
    listed_before: bool
    asked: Mapping[datetime, int] = field(default_factory=dict)
    delisted: str | None = None

    def answered_without(self, bucket: datetime) -> bool:
        return bucket in self.newest and bucket not in self.present

    def is_steady(self, traded: Set[datetime]) -> bool:
        """Whether since its first candle it has one in nearly every bucket in which anything traded."""
        first = min(self.present, default=None)
        known = [bucket for bucket in self.newest if first and bucket >= first and bucket in traded]
        return bool(known) and sum(bucket in self.present for bucket in known) >= _MIN_STEADY_SHARE * len(
            known
        )


@dataclass(frozen=True, slots=True)
class BucketState:
    """One bucket's state; ``evidence`` is why, ``raw_key`` the answer that shows it."""

    bucket: datetime
    state: State
    evidence: str | None = None
    raw_key: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive buckets of one market in the same state for the same reason."""

    base: str
    quote: str
    open_time: datetime
    buckets: int
    state: State
    evidence: str | None
    raw_key: str | None


def silent_buckets(markets: Sequence[MarketFacts]) -> frozenset[datetime]:
    """The buckets in which the venue stood still: asked for, no market has one, and that means something.

    Two idle thin markets are no outage: most of the markets expected must have answered, at least two,
    and one of them must be steady, that is trade whenever anything does.
    """
    expected = Counter(bucket for facts in markets for bucket in facts.buckets)
    answered = Counter(bucket for facts in markets for bucket in facts.buckets if bucket in facts.newest)
    traded = {bucket for facts in markets for bucket in facts.present}
    witnessed = {
        bucket
        for facts in markets
        if facts.is_steady(traded)
        for bucket in facts.buckets
        if facts.answered_without(bucket)
    }
    return frozenset(
        bucket
        for bucket in witnessed - traded
        if answered[bucket] >= _MIN_MARKETS and 2 * answered[bucket] > expected[bucket]
    )


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of the source: whether it publishes no candle for a bucket without a trade.

    A bucket from ``settled`` on may still come; in ``silent`` buckets the whole source stood still.
    """

    omits_idle_buckets: bool
    settled: datetime
    silent: Set[datetime]


def classify(facts: MarketFacts, source: SourceFacts) -> list[BucketState]:
    """Exactly one state for each of the market's buckets, in their order."""
    listed = _Listed(
        EPOCH if facts.listed_before else min(facts.present, default=None),
        max(facts.present, default=EPOCH) if facts.delisted else None,
    )
    return [_state(facts, source, bucket, listed) for bucket in facts.buckets]


class _Listed(NamedTuple):
    """The first bucket in which a market is known to be listed, None where it is in none, and its last candle
    if the source lists it no more."""

    since: datetime | None
    until: datetime | None


def _state(facts: MarketFacts, source: SourceFacts, bucket: datetime, listed: _Listed) -> BucketState:
    if bucket in facts.present:
        return BucketState(bucket, State.PRESENT)
    if listed.until is not None and bucket > listed.until:
        return BucketState(bucket, State.NOT_LISTED, f"delisted: {facts.delisted}")
    if bucket not in facts.newest:
        return _never_requested(facts, bucket, source.settled)
    outcome = facts.outcomes[facts.newest[bucket]]
    if rejected := outcome.rejection_of(bucket):
        state, evidence = State.UNFILLABLE, f"rejected: {rejected}"
    elif bucket >= source.settled:
        state, evidence = State.PENDING, "closed just now"
    elif listed.since is None or bucket < listed.since:
        state, evidence = State.NOT_LISTED, "answered, no candle before"
    elif bucket in source.silent:
        state, evidence = State.VENUE_OUTAGE, "answered, the whole source lacks it"
    elif source.omits_idle_buckets:
        state, evidence = State.NO_TRADE, "answered without it"
    else:
        state, evidence = State.VENUE_OUTAGE, LACKING
    times = facts.asked.get(bucket, 1)
    if times > 1 and state in _ABSENT:
        evidence = f"{evidence}, {asked_times(times)}"
    return BucketState(bucket, state, evidence, outcome.raw_key)


def asked_times(times: int) -> str:
    """How the evidence says how often a bucket was asked for; ``times_asked`` reads it back."""
    return f"asked {times} times"


def times_asked(evidence: str | None) -> int:
    match = _ASKED.search(evidence or "")
    return int(match[1]) if match else 1


def doubtful(facts: MarketFacts, states: Sequence[BucketState], source: SourceFacts) -> list[datetime]:
    """Buckets whose absence is no fact yet: their market has candles around them, so densely that not one of
    a thousand such holes would be real, or its source publishes idle buckets too.

    A venue answers the same request now with candles, now with fewer or none. What the whole source lacks is
    no doubt, nor is a gap that the market's own density explains. Before a market's first candle only an
    answer that ends exactly there is doubtful.
    """
    absent = [_is_absent(state) and state.bucket not in source.silent for state in states]
    present = [state.state is State.PRESENT for state in states]
    holes = [(first, last) for is_absent, first, last in _stretches(absent) if is_absent]
    windows = [facts.newest.get(state.bucket) for state in states]
    answers = [(first, last) for window, first, last in _stretches(windows) if window]
    suspect = {
        number
        for first, last in (*holes, *answers)
        if _is_improbable(present, absent, first, last, always=not source.omits_idle_buckets)
        for number in range(first, last)
        if absent[number]
    }
    first_candle = next((number for number, is_present in enumerate(present) if is_present), None)
    if first_candle and states[first_candle - 1].state is State.NOT_LISTED and not facts.delisted:
        before = windows[first_candle - 1]
        if before and before.end <= states[first_candle].bucket:
            suspect |= {number for number in range(first_candle) if windows[number] == before}
    return [states[number].bucket for number in sorted(suspect)]


def _is_absent(state: BucketState) -> bool:
    lacks = state.state is State.VENUE_OUTAGE and (state.evidence or "").startswith(LACKING)
    return lacks or state.state is State.NO_TRADE


def _stretches(values: Sequence[Any]) -> Iterator[tuple[Any, int, int]]:
    """Each run of equal neighbours, with its first place and the place after its last."""
    first = 0
    for value, run in groupby(values):
        last = first + sum(1 for _ in run)
        yield value, first, last
        first = last


def _is_improbable(
    present: Sequence[bool], absent: Sequence[bool], first: int, last: int, *, always: bool
) -> bool:
    """Whether a market that is as dense as on both sides of these buckets would have so few in them.

    The bound is Chernoff's, of independent buckets; with ``always`` a dense market has every one.
    """
    reach = max(last - first, _NEIGHBOURS)
    around = [*range(max(0, first - reach), first), *range(last, min(len(present), last + reach))]
    known = sum(present[number] or absent[number] for number in around)
    held = sum(present[number] for number in around)
    inside = sum(present[first:last])
    expected = inside + sum(absent[first:last])
    density = (held + 1) / (known + 2)
    if inside == expected or inside >= density * expected:
        return False
    if always and 2 * held >= known > 0:
        return True
    share = inside / expected
    divergence = (1 - share) * log((1 - share) / (1 - density))
    if share:
        divergence += share * log(share / density)
    return expected * divergence > _LOG_THOUSAND


def _never_requested(facts: MarketFacts, bucket: datetime, settled: datetime) -> BucketState:
    if bucket >= settled:
        return BucketState(bucket, State.PENDING, "closed just now")
    if reason := facts.given_up.get(bucket):
        return BucketState(bucket, State.UNFILLABLE, reason)
    return BucketState(bucket, State.OUR_OUTAGE, "never asked for")


def runs(base: str, quote: str, states: Iterable[BucketState], step: timedelta) -> list[Run]:
    """Equal neighbours of ``states``, which are in order, as one run; the runs tile all buckets."""
    tiles = []
    for _, same in groupby(
        enumerate(states),
        key=lambda pair: (pair[1].bucket - pair[0] * step, pair[1].state, pair[1].evidence),
    ):
        members = [state for _, state in same]
        first = members[0]
        tiles.append(Run(base, quote, first.bucket, len(members), first.state, first.evidence, first.raw_key))
    return tiles
