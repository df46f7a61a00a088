"""The stretch of history that a window's event asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from coinlake import intervals
from coinlake.errors import BadEvent
from ingest.sources import Window

_PERIOD: Final = re.compile(r"\d{4}-\d{2}(-\d{2})?", re.ASCII)
_TEXTS: Final = ("source", "dataset", "asset", "quote", "interval")
_DAY: Final = timedelta(days=1)
_MONTH_CHARACTERS: Final = len("2024-05")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One market's buckets before ``end``: ``count`` of them, which an archive calls by ``period``.

    ``asset`` is the canonical symbol; with ``refresh`` the window is asked for again although it
    is stored, and kept as a revision where it has changed.
    """

    source: str
    dataset: str
    asset: str
    quote: str
    interval: str
    end: datetime
    count: int
    period: str | None
    refresh: bool

    @classmethod
    def of(cls, fields: Any) -> Self:
        """Raise ``BadEvent`` or ``BadConfiguration`` for an event that names no window."""
        if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in _TEXTS):
            raise _bad(f"it needs the texts {', '.join(_TEXTS)}")
        step = intervals.duration(fields["interval"])
        end, count = _of_period(fields["period"], step) if fields.get("period") else _of_count(fields)
        if intervals.floor(end, fields["interval"]) != end:
            raise _bad(f"its end {end:%Y-%m-%dT%H:%M:%SZ} is not the end of a {fields['interval']} bucket")
        named = {name: fields[name] for name in _TEXTS}
        refresh = fields.get("refresh") is True
        return cls(**named, end=end, count=count, period=fields.get("period") or None, refresh=refresh)

    def window(self, asset_id: str) -> Window:
        """The same in the source's own words."""
        return Window(asset_id, self.quote, self.interval, self.end, self.count, self.period)


def _of_count(fields: Mapping[str, Any]) -> tuple[datetime, int]:
    end, count = fields.get("end"), fields.get("count")
    if not isinstance(end, str) or type(count) is not int:
        raise _bad("it needs an end and a whole count, or a period")
    return intervals.parse_utc(end), count


def _of_period(period: Any, step: timedelta) -> tuple[datetime, int]:
    """When a day or a month ends, and how many buckets it holds."""
    if not isinstance(period, str) or not _PERIOD.fullmatch(period):
        raise _bad(f"its period {str(period)[:20]!r} is neither a month, 2024-05, nor a day, 2024-05-31")
    try:
        start = datetime.fromisoformat(f"{period}-01"[:10]).replace(tzinfo=UTC)
    except ValueError:
        raise _bad(f"its period {period} is not in the calendar") from None
    longest = 31 if len(period) == _MONTH_CHARACTERS else 1
    end = start + longest * _DAY
    end -= (end.day - 1) * _DAY if longest > 1 else timedelta(0)
    return end, (end - start) // step


def _bad(why: str) -> BadEvent:
    return BadEvent("bad_window", why)
