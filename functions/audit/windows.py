"""What was asked for and committed, told from the names in the ledger alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from coinlake import intervals
from coinlake.errors import BadConfiguration, BadKey
from coinlake.keys import LedgerKey, Slot

_MARKET_INTERVAL_COUNT: Final = 3


@dataclass(frozen=True, slots=True)
class Window:
    """A committed answer about one market's buckets from ``start`` to ``end``, which is exclusive."""

    key: LedgerKey
    start: datetime
    end: datetime

    @property
    def market(self) -> str:
        return self.key.slot.parts[0]

    @property
    def interval(self) -> str:
        return self.key.slot.parts[1]

    @property
    def age(self) -> tuple[datetime, int]:
        """Sorts answers about the same buckets: the later request, and its last revision, knows best."""
        return self.end, self.key.slot.revision


def committed(names: Iterable[str]) -> Iterator[Window]:
    """The windows among ledger keys; whatever else is there is none."""
    for name in names:
        try:
            key = LedgerKey.parse(name)
            start = _start(key.slot)
        except (BadKey, BadConfiguration, ValueError, OverflowError):
            continue
        if start is not None:
            yield Window(key, start, key.slot.time)


def _start(slot: Slot) -> datetime | None:
    """When the window of ``<market>.<interval>.<count or period>`` starts."""
    if len(slot.parts) != _MARKET_INTERVAL_COUNT:
        return None
    _, interval, last = slot.parts
    step = intervals.duration(interval)
    if last.isdecimal():
        return slot.time - int(last) * step
    return datetime.fromisoformat(f"{last}-01"[: len("2024-05-31")]).replace(tzinfo=UTC)


def cover(windows: Iterable[Window], start: datetime, end: datetime) -> list[Window]:
    """As few windows as hold together all that any of them holds from ``start`` to ``end``."""
    waiting = sorted(windows, key=lambda window: (window.start, window.age), reverse=True)
    chosen: list[Window] = []
    while waiting and start < end:
        start = max(start, waiting[-1].start)
        reaching = []
        while waiting and waiting[-1].start <= start:
            reaching.append(waiting.pop())
        best = max(reaching, key=lambda window: window.age)
        if best.start >= end:
            break
        if best.end > start:
            chosen.append(best)
            start = best.end
            waiting += [window for window in reversed(reaching) if window.end > start]
    return chosen


def newest(windows: Sequence[Window], interval: str) -> Mapping[datetime, Window]:
    """For each bucket the last answer that covers it."""
    step, found = intervals.duration(interval), dict[datetime, Window]()
    for window in sorted(windows, key=lambda window: window.age):
        bucket = window.start
        while bucket < window.end:
            found[bucket] = window
            bucket += step
    return found
