"""Why a bucket is or is not there. Pure: facts in, one state for each bucket out.

present       a committed answer holds its candle
no_trade      the source publishes nothing for idle buckets, and answered without it
venue_outage  all markets of the source lack it, or the source publishes idle buckets too
our_outage    nobody asked for it; audit has ingest ask
not_listed    the source answered, and knows no candle before it
unfillable    the source refuses it, or its answer was rejected
pending       closed so recently that its feed may not have asked yet
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final

from audit.windows import Window
from coinlake.intervals import EPOCH

QUIET_SOURCES: Final = frozenset({"coinbase"})  # publish no candle for a bucket without a trade
_A_CROWD: Final = 2  # one market's silence is not the venue's


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
    """What is known of one market's buckets.

    ``newest`` is the last window over each bucket, ``answers`` what came of those over a hole,
    ``given_up`` why an earlier audit could not refill a bucket.
    """

    base: str
    quote: str
    present: Set[datetime]
    newest: Mapping[datetime, Window]
    answers: Mapping[Window, Answer]
    given_up: Mapping[datetime, str]
    traded_before: bool

    def answered_without(self, bucket: datetime) -> bool:
        return bucket in self.newest and bucket not in self.present


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


def silent(buckets: Collection[datetime], markets: Sequence[Facts]) -> frozenset[datetime]:
    """The buckets that at least two markets were asked for and none that was has."""
    return frozenset(
        bucket
        for bucket in buckets
        if sum(bucket in facts.newest for facts in markets) >= _A_CROWD
        and all(facts.answered_without(bucket) for facts in markets if bucket in facts.newest)
    )


@dataclass(frozen=True, slots=True)
class Venue:
    """The source that is judged: a bucket from ``settled`` on may still come, ``silence`` is nobody's."""

    source: str
    settled: datetime
    silence: Set[datetime]


def judge(facts: Facts, venue: Venue, buckets: Iterable[datetime]) -> list[Verdict]:
    """Exactly one verdict for each bucket, in their order."""
    first = min(facts.present, default=None)
    listed = EPOCH if facts.traded_before else first
    return [_verdict(facts, venue, bucket, listed) for bucket in buckets]


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
        state, evidence = State.VENUE_OUTAGE, "answered, all markets lack it"
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
