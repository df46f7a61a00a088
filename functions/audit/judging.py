"""Why a bucket is or is not there. Pure: facts in, one state for each bucket out.

present       a committed answer holds its candle
no_trade      the source publishes nothing for idle buckets, and answered without it
venue_outage  the whole source lacks it (see ``silent``), or it publishes idle buckets too
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

from audit.windows import Window
from coinlake.intervals import EPOCH

QUIET_SOURCES: Final = frozenset({"coinbase"})  # publish no candle for a bucket without a trade
_A_CROWD: Final = 2  # one market's silence is not the venue's
_STEADY: Final = 0.95  # of the buckets in which anything traded: a market whose silence tells something


class State(StrEnum):
    PRESENT = "present"
    NO_TRADE = "no_trade"
    VENUE_OUTAGE = "venue_outage"
    OUR_OUTAGE = "our_outage"
    NOT_LISTED = "not_listed"
    UNFILLABLE = "unfillable"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger says of a committed window; ``rejected`` is why rows are in quarantine."""

    raw_key: str
    rejected: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one market's ``buckets``, those that are expected.

    ``present`` may hold others, for some sources answer more than they were asked. ``newest`` is the last
    window over each bucket, ``answers`` what came of those over a hole, ``given_up`` why an earlier audit
    could not refill a bucket.
    """

    base: str
    quote: str
    buckets: Sequence[datetime]
    present: Set[datetime]
    newest: Mapping[datetime, Window]
    answers: Mapping[Window, Answer]
    given_up: Mapping[datetime, str]
    listed_before: bool

    def answered_without(self, bucket: datetime) -> bool:
        return bucket in self.newest and bucket not in self.present

    def steady(self, traded: Set[datetime]) -> bool:
        """Whether since its first candle it has one in nearly every bucket in which anything traded."""
        first = min(self.present, default=None)
        known = [bucket for bucket in self.newest if first and bucket >= first and bucket in traded]
        return bool(known) and sum(bucket in self.present for bucket in known) >= _STEADY * len(known)


@dataclass(frozen=True, slots=True)
class Verdict:
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


def silent(markets: Sequence[Facts]) -> frozenset[datetime]:
    """The buckets in which the venue stood still: asked for, no market has one, and that means something.

    Two idle thin markets are no outage: most of the markets expected must have answered, at least two,
    and one of them must be steady, that is trade whenever anything does.
    """
    expected = Counter(bucket for facts in markets for bucket in facts.buckets)
    asked = Counter(bucket for facts in markets for bucket in facts.buckets if bucket in facts.newest)
    traded = {bucket for facts in markets for bucket in facts.present}
    witnessed = {
        bucket
        for facts in markets
        if facts.steady(traded)
        for bucket in facts.buckets
        if facts.answered_without(bucket)
    }
    return frozenset(
        bucket
        for bucket in witnessed - traded
        if asked[bucket] >= _A_CROWD and 2 * asked[bucket] > expected[bucket]
    )


@dataclass(frozen=True, slots=True)
class Venue:
    """The source that is judged: a bucket from ``settled`` on may still come, ``silence`` is nobody's."""

    source: str
    settled: datetime
    silence: Set[datetime]


def judge(facts: Facts, venue: Venue) -> list[Verdict]:
    """Exactly one verdict for each bucket, in their order."""
    first = min(facts.present, default=None)
    listed = EPOCH if facts.listed_before else first
    return [_verdict(facts, venue, bucket, listed) for bucket in facts.buckets]


def _verdict(facts: Facts, venue: Venue, bucket: datetime, listed: datetime | None) -> Verdict:
    if bucket in facts.present:
        return Verdict(bucket, State.PRESENT)
    if bucket not in facts.newest:
        return _unasked(facts, bucket, venue.settled)
    answer = facts.answers[facts.newest[bucket]]
    if answer.rejected:
        state, evidence = State.UNFILLABLE, f"rejected: {answer.rejected}"
    elif bucket >= venue.settled:
        state, evidence = State.PENDING, "closed just now"
    elif listed is None or bucket < listed:
        state, evidence = State.NOT_LISTED, "answered, no candle before"
    elif bucket in venue.silence:
        state, evidence = State.VENUE_OUTAGE, "answered, the whole source lacks it"
    elif venue.source in QUIET_SOURCES:
        state, evidence = State.NO_TRADE, "answered without it"
    else:
        state, evidence = State.VENUE_OUTAGE, "answered, this market lacks it"
    return Verdict(bucket, state, evidence, answer.raw_key)


def _unasked(facts: Facts, bucket: datetime, settled: datetime) -> Verdict:
    if bucket >= settled:
        return Verdict(bucket, State.PENDING, "closed just now")
    if reason := facts.given_up.get(bucket):
        return Verdict(bucket, State.UNFILLABLE, reason)
    return Verdict(bucket, State.OUR_OUTAGE, "never asked for")


def runs(base: str, quote: str, verdicts: Iterable[Verdict], step: timedelta) -> list[Run]:
    """Verdicts in order of their buckets, equal neighbours in one; they tile what the verdicts cover."""
    found = []
    for _, same in groupby(
        enumerate(verdicts),
        key=lambda pair: (pair[1].bucket - pair[0] * step, pair[1].state, pair[1].evidence),
    ):
        members = [verdict for _, verdict in same]
        first = members[0]
        found.append(Run(base, quote, first.bucket, len(members), first.state, first.evidence, first.raw_key))
    return found
