"""Months as partitions name them: ``2026-11``."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from refine.parts import Part

_LONGER_THAN_A_MONTH: Final = timedelta(days=32)


def month_of(part: Part) -> str:
    """The month that a part lies in, whether its folder is a month or a day."""
    values = part.values
    return values["month"] if "month" in values else values["dt"][:7]


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def after(month: str) -> str:
    return f"{first_day(month) + _LONGER_THAN_A_MONTH:%Y-%m}"


def before(month: str) -> str:
    return f"{first_day(month) - timedelta(days=1):%Y-%m}"


def through(first: str, last: str) -> Iterator[str]:
    """The months from ``first`` to ``last``, both included; none where ``first`` is later."""
    while first <= last:
        yield first
        first = after(first)
