"""The clock, durations as people read them, and ranges of days as a user gives them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

from coinlake.errors import BadConfiguration
from coinlake.intervals import parse_utc

MAX_UNCONFIRMED_LENGTH: Final = timedelta(days=3653)


def now() -> datetime:
    """The present, aware UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def format_duration(span: timedelta) -> str:
    """``35 s``, ``12 min``, ``3.5 h``, ``2 d``."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    if span < 2 * minute:
        return f"{span.total_seconds():.0f} s"
    if span < 2 * hour:
        return f"{span / minute:.0f} min"
    return f"{span / hour:.1f} h" if span < 2 * day else f"{span / day:.0f} d"


@dataclass(frozen=True, slots=True)
class DateRange:
    """From ``start`` to ``end``, both included, UTC."""

    start: date
    end: date

    @classmethod
    def parse(cls, start: str, end: str, today: date, *, sure: bool = False) -> Self:
        """Raise ``BadConfiguration``: bad_time, tz_required, bad_range, future_range, range_too_large."""
        days = cls(_day(start), _day(end))
        if days.start > days.end:
            raise BadConfiguration(
                f"bad_range: the start {days.start} is after the end {days.end}; swap them"
            )
        if days.end > today:
            raise BadConfiguration(f"future_range: the end {days.end} has not come; today is {today} (UTC)")
        if days.end - days.start > MAX_UNCONFIRMED_LENGTH and not sure:
            raise BadConfiguration(
                f"range_too_large: {days.start} to {days.end} is over ten years; add --yes if meant"
            )
        return days

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=day) for day in range((self.end - self.start).days + 1))


def _day(text: str) -> date:
    """A date, or the UTC day of a time with its zone."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return parse_utc(text).date()
