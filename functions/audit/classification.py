"""Why a bucket is or is not there. Pure: facts in, one state for each bucket out.

present       a committed answer holds its candle
no_trade      the source publishes nothing for idle buckets, and answered without it
venue_outage  the whole source lacks it (see ``silent_buckets``), or it publishes idle buckets too
our_outage    nobody asked for it; audit has ingest ask
not_listed    the source answered, and knows no candle before it
unfillable    the source refuses it, or its answer was rejected
pending       closed so recently that its feed may not have asked yet
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final

from audit.committed import CommittedWindow, WindowOutcome
from coinlake.intervals import EPOCH

_MIN_MARKETS: Final = 2  # one market's silence is not the venue's
_MIN_STEADY_SHARE: Final = 0.95  # of the buckets in which anything traded: then its silence means something


class State(StrEnum):
    PRESENT = "present"
    NO_TRADE = "no_trade"
    VENUE_OUTAGE = "venue_outage"
    OUR_OUTAGE = "our_outage"
    NOT_LISTED = "not_listed"
    UNFILLABLE = "unfillable"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What is known of one market's ``buckets``, those that are expected.

    ``present`` may hold others, for some sources answer more than they were asked. ``newest`` is the last
    window over each bucket, ``outcomes`` what came of those over a hole, ``given_up`` why an earlier audit
    could not refill a bucket.
    """

    base: str
    quote: str
    buckets: Sequence[datetime]
    present: Set[datetime]
    newest: Mapping[datetime, CommittedWindow]
    outcomes: Mapping[CommittedWindow, WindowOutcome]
    given_up: Mapping[datetime, str]
    listed_before: bool

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
    listed_since = EPOCH if facts.listed_before else min(facts.present, default=None)
    return [_state(facts, source, bucket, listed_since) for bucket in facts.buckets]


def _state(
    facts: MarketFacts, source: SourceFacts, bucket: datetime, listed_since: datetime | None
) -> BucketState:
    if bucket in facts.present:
        return BucketState(bucket, State.PRESENT)
    if bucket not in facts.newest:
        return _never_requested(facts, bucket, source.settled)
    outcome = facts.outcomes[facts.newest[bucket]]
    if rejected := outcome.rejection_of(bucket):
        state, evidence = State.UNFILLABLE, f"rejected: {rejected}"
    elif bucket >= source.settled:
        state, evidence = State.PENDING, "closed just now"
    elif listed_since is None or bucket < listed_since:
        state, evidence = State.NOT_LISTED, "answered, no candle before"
    elif bucket in source.silent:
        state, evidence = State.VENUE_OUTAGE, "answered, the whole source lacks it"
    elif source.omits_idle_buckets:
        state, evidence = State.NO_TRADE, "answered without it"
    else:
        state, evidence = State.VENUE_OUTAGE, "answered, this market lacks it"
    return BucketState(bucket, state, evidence, outcome.raw_key)


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
