"""What earlier audits found: what they expected, who was listed, and what cannot be refilled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from audit.judging import Run, State

Pair = tuple[str, str]
_LISTED: Final = frozenset({State.PRESENT, State.NO_TRADE, State.VENUE_OUTAGE})


@dataclass(frozen=True, slots=True)
class Memory:
    """By base and quote, of one series and month.

    ``spans`` are what the last audit of the month accounted for (end exclusive), ``reached`` how far
    that of the month before did: what was expected once stays expected, whatever left the ledger.
    """

    spans: dict[Pair, tuple[datetime, datetime]]
    reached: dict[Pair, datetime]
    listed: frozenset[Pair]
    given_up: dict[Pair, dict[datetime, str]]

    @classmethod
    def of(cls, before: Iterable[Run], same: Iterable[Run], step: timedelta) -> Self:
        """From the runs of the month before, and those that the same month had so far."""
        spans: dict[Pair, tuple[datetime, datetime]] = {}
        given_up: dict[Pair, dict[datetime, str]] = {}
        for run in same:
            pair, end = (run.base, run.quote), run.open_time + run.buckets * step
            first, last = spans.get(pair, (run.open_time, end))
            spans[pair] = min(first, run.open_time), max(last, end)
            if run.state is State.UNFILLABLE:
                moments = (run.open_time + number * step for number in range(run.buckets))
                given_up.setdefault(pair, {}).update((moment, run.evidence or "") for moment in moments)
        reached: dict[Pair, datetime] = {}
        listed = set()
        for run in before:
            pair, end = (run.base, run.quote), run.open_time + run.buckets * step
            reached[pair] = max(reached.get(pair, end), end)
            if run.state in _LISTED:
                listed.add(pair)
        return cls(spans, reached, frozenset(listed), given_up)
