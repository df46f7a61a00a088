"""The months that an audit looks at, each as a whole, and their buckets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

from coinlake import intervals
from coinlake.errors import BadConfiguration

_LONGER_THAN_A_MONTH: Final = timedelta(days=32)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, UTC: from ``start`` to ``end``, which is exclusive."""

    start: datetime

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(datetime(day.year, day.month, 1, tzinfo=UTC))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}"

    @property
    def end(self) -> datetime:
        return self.next().start

    def next(self) -> "Month":
        return Month.of((self.start + _LONGER_THAN_A_MONTH).date())

    def before(self) -> "Month":
        return Month.of((self.start - timedelta(days=1)).date())

    def buckets(self, interval: str, start: datetime, end: datetime) -> Iterator[datetime]:
        """The starts of the month's buckets that start at ``start`` or later and end by ``end``."""
        step = intervals.duration(interval)
        bucket = intervals.floor(max(start, self.start), interval)
        if bucket < max(start, self.start):
            bucket += step
        while bucket < self.end and bucket + step <= end:
            yield bucket
            bucket += step


def months_of_event(event: Mapping[str, object], today: date) -> list[Month]:
    """The months of ``{"days": 35}``, back from today, or ``{"start": …, "end": …}``, both included."""
    try:
        if "start" in event:
            first, last = date.fromisoformat(str(event["start"])), date.fromisoformat(str(event["end"]))
        else:
            first, last = today - timedelta(days=int(str(event["days"]))), today
    except (KeyError, ValueError, OverflowError):
        raise BadConfiguration(
            'audit takes {"days": 35} or {"start": "2026-10-01", "end": "2026-11-21"}'
        ) from None
    if first > last:
        raise BadConfiguration(f"bad_range: start {first} is after end {last}")
    months, end = [Month.of(first)], Month.of(min(last, today))
    while months[-1] < end:
        months.append(months[-1].next())
    return [month for month in months if month <= end]
