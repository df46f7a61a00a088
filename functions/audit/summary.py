"""What an audit found, in numbers of buckets."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from audit.judging import Run, State
from audit.refill import ASKED, IN_HAND

_UNEXPLAINED: Final = frozenset({State.OUR_OUTAGE, State.UNFILLABLE})


def count(runs: Iterable[Run]) -> Counter[str]:
    """Buckets, by state too, those asked for now and those that nothing explains or will bring."""
    found: Counter[str] = Counter()
    for run in runs:
        found["buckets"] += run.buckets
        found[run.state.value] += run.buckets
        found["refilled"] += run.buckets if run.evidence == ASKED else 0
        found["unexplained"] += run.buckets if unexplained(run) else 0
    return found


def unexplained(run: Run) -> bool:
    return run.state in _UNEXPLAINED and run.evidence not in IN_HAND


def answer(found: Mapping[str, int]) -> dict[str, int]:
    """Every number, zeros too."""
    names = ("buckets", *(state.value for state in State), "refilled", "unexplained")
    return {name: found.get(name, 0) for name in names}
