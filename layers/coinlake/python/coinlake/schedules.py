"""Schedules as EventBridge writes them: which values a field has, and when a run is due next.

Source: Amazon EventBridge Scheduler User Guide, "Schedule types", cron-based schedules.
"""

import re
from datetime import datetime, timedelta
from typing import Final

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_CRON_PART: Final = re.compile(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?")
_CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) [*?] [*?] [*?]\)")
_MAX_DAYS: Final = 62  # the longest from a day of the month to the next that has it


def cron_part(part: str, first: int, last: int) -> range:
    """What a part of a cron field stands for, of a field that goes from ``first`` to ``last``."""
    match = _CRON_PART.fullmatch(part)
    start, end, step = match.groups() if match else ("*", None, None)
    low = first if start == "*" else int(start)
    high = int(end) if end else last if start == "*" or step else low
    return range(low, max(low, high) + 1, max(1, int(step or 1)))


def next_run(expression: str, after: datetime) -> datetime | None:
    """The first minute after ``after`` (aware UTC) at which ``cron(minutes hours days * ? *)`` is due.

    None for another kind of schedule: of months, days of the week and years only "every" is known.
    """
    cron = _CRON.fullmatch(expression)
    if cron is None:
        return None
    minutes, hours, days = (
        {value for part in field.split(",") for value in cron_part(part, first, last)}
        for field, (first, last) in zip(cron.groups(), ((0, 59), (0, 23), (1, 31)), strict=True)
    )
    start = after.replace(second=0, microsecond=0) + _MINUTE
    midnight = start.replace(hour=0, minute=0)
    for day in (midnight + back * _DAY for back in range(_MAX_DAYS)):
        if day.day in days:
            moments = (day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes)
            if due := [moment for moment in moments if moment >= start]:
                return min(due)
    return None
