"""Windows of history: what a backfill asks ingest for, and what the names of keys say was asked.

The event of a window, as audit and the backfill's state machine send it to ingest:
``{"source", "dataset", "asset", "quote", "interval", "end", "count"}``; for an archive of files
``"period"``, a month "2024-05" or a day "2024-05-31", stands for ``end`` and ``count``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from coinlake import intervals
from coinlake.errors import BadConfiguration, BadEvent
from coinlake.keys import RawKey, Slot

_DAY: Final = timedelta(days=1)
_PERIOD: Final = re.compile(r"\d{4}-\d{2}(-\d{2})?", re.ASCII)
_TEXTS: Final = ("source", "dataset", "asset", "quote", "interval")
_MARKET_INTERVAL_COUNT: Final = 3  # the parts of a window's slot


@dataclass(frozen=True, slots=True)
class Window:
    """One market's ``count`` buckets before ``end``, which is exclusive.

    ``asset`` is the canonical symbol. A window of an archive is its file of a ``period``.
    """

    source: str
    dataset: str
    asset: str
    quote: str
    interval: str
    end: datetime
    count: int
    period: str | None = None

    @classmethod
    def from_event(cls, fields: Any) -> Self:
        """Raise ``BadEvent`` or ``BadConfiguration`` for an event that names no window."""
        if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in _TEXTS):
            raise _bad(f"it needs the texts {', '.join(_TEXTS)}")
        step = intervals.duration(fields["interval"])
        period = fields.get("period") or None
        if period:
            start, end = period_bounds(period)
            count = (end - start) // step
        else:
            end, count = _end_and_count(fields)
        if intervals.floor(end, fields["interval"]) != end:
            raise _bad(f"its end {end:%Y-%m-%dT%H:%M:%SZ} is not the end of a {fields['interval']} bucket")
        return cls(**{name: fields[name] for name in _TEXTS}, end=end, count=count, period=period)

    @classmethod
    def of_period(
        cls, source: str, dataset: str, asset: str, quote: str, *, interval: str, period: str
    ) -> Self:
        """The file of a day or a month in an archive."""
        start, end = period_bounds(period)
        count = (end - start) // intervals.duration(interval)
        return cls(source, dataset, asset, quote, interval, end, count, period)

    def to_event(self, *, refresh: bool = False) -> dict[str, Any]:
        """What ingest is sent; with ``refresh`` it asks for the window although it is stored."""
        named = {name: getattr(self, name) for name in _TEXTS}
        when = (
            {"period": self.period}
            if self.period
            else {"end": f"{self.end:%Y-%m-%dT%H:%M:%SZ}", "count": self.count}
        )
        return {"window": {**named, **when, "refresh": refresh}}

    @property
    def step(self) -> timedelta:
        """The length of a bucket."""
        return intervals.duration(self.interval)

    @property
    def start(self) -> datetime:
        return self.end - self.count * self.step

    def key(self, market: str, ext: str = "json") -> RawKey:
        """Where the answer lands, the same for a feed and a backfill.

        ``market`` names it as the source does, ``BTC-USD``; ``ValueError`` where no key can.
        """
        parts = (market, self.interval, self.period or str(self.count))
        return RawKey(self.source, self.dataset, Slot(self.end, parts), ext)


def slot_bounds(slot: Slot) -> tuple[datetime, datetime] | None:
    """Start and end of the window ``<end>.<market>.<interval>.<count or period>``.

    None for a slot that names another thing than a window.
    """
    if len(slot.parts) != _MARKET_INTERVAL_COUNT:
        return None
    _, interval, last = slot.parts
    try:
        if last.isdecimal():
            return slot.time - int(last) * intervals.duration(interval), slot.time
        intervals.duration(interval)
        return period_bounds(last)[0], slot.time
    except (BadConfiguration, BadEvent, OverflowError):
        return None


def period_bounds(period: Any) -> tuple[datetime, datetime]:
    """Start and exclusive end of a month, "2024-05", or a day, "2024-05-31"; else ``BadEvent``."""
    if not isinstance(period, str) or not _PERIOD.fullmatch(period):
        raise _bad(f"its period {str(period)[:20]!r} is neither a month, 2024-05, nor a day, 2024-05-31")
    try:
        start = datetime.fromisoformat(f"{period}-01"[:10]).replace(tzinfo=UTC)
        return start, (start + 31 * _DAY).replace(day=1) if is_month(period) else start + _DAY
    except (ValueError, OverflowError):
        raise _bad(f"its period {period} is not in the calendar") from None


def is_month(period: str) -> bool:
    """Whether a period is a month and not a day."""
    return len(period) == len("2024-05")


def month_of(start: datetime) -> str:
    """The period of the month that begins then."""
    return f"{start:%Y-%m}"


def day_of(start: datetime) -> str:
    """The period of the day that begins then."""
    return f"{start:%Y-%m-%d}"


def _end_and_count(fields: Mapping[str, Any]) -> tuple[datetime, int]:
    end, count = fields.get("end"), fields.get("count")
    if not isinstance(end, str) or type(count) is not int:
        raise _bad("it needs an end and a whole count, or a period")
    return intervals.parse_utc(end), count


def _bad(why: str) -> BadEvent:
    return BadEvent("bad_window", why)
