"""When a schedule is due next."""

import re
from datetime import datetime, timedelta
from typing import Final

from ops.preflight.quota import cron_part

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) [*?] [*?] [*?]\)")
_MAX_DAYS: Final = 62  # the longest from a day of the month to the next that has it


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
