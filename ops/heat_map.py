"""Coverage as a picture: a line for each market, a square for each day, the worst state its colour."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Final

from ops.gaps import STATES, Coverage, Market, worst
from ops.ranges import Days

COLOURS: Final = {
    "present": "#2f9e63",
    "no_trade": "#9bd3b4",
    "not_listed": "#e3e5e8",
    "pending": "#8fb4e8",
    "venue_outage": "#f2b84b",
    "unfillable": "#8a4fbf",
    "our_outage": "#d6403a",
}
CELL: Final = 14
LEFT: Final = 210
TOP: Final = 64
_LEGEND_STEP: Final = 104
_TEXT: Final = 'font-family="sans-serif" font-size="11" fill="#222"'


def svg(found: Coverage, days: Days) -> str:
    """A whole SVG document; each square's tooltip has the numbers."""
    width = max(LEFT + len(list(days)) * CELL, LEFT + len(STATES) * _LEGEND_STEP) + CELL
    height = TOP + len(found) * CELL + CELL
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img">',
        f"<title>Candles from {days.start} to {days.end}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *_legend(),
        *_months(days),
        *(
            line
            for row, market in enumerate(sorted(found))
            for line in _row(row, market, found[market], days)
        ),
    ]
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> Iterator[str]:
    for number, state in enumerate(STATES):
        left = LEFT + number * _LEGEND_STEP
        yield f'<rect x="{left}" y="12" width="{CELL - 2}" height="{CELL - 2}" fill="{COLOURS[state]}"/>'
        yield f'<text x="{left + CELL + 2}" y="22" {_TEXT}>{state.replace("_", " ")}</text>'


def _months(days: Days) -> Iterator[str]:
    for number, day in enumerate(days):
        if number == 0 or day.day == 1:
            yield f'<text x="{LEFT + number * CELL}" y="{TOP - 8}" {_TEXT}>{day:%d %b}</text>'


def _row(row: int, market: Market, by_day: dict[date, Counter[str]], days: Days) -> Iterator[str]:
    top = TOP + row * CELL
    name = escape(f"{market.source} {market.interval} {market.base}-{market.quote}")
    yield f'<text x="8" y="{top + CELL - 3}" {_TEXT}>{name}</text>'
    for number, day in enumerate(days):
        if states := by_day.get(day):
            numbers = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
            yield (
                f'<rect x="{LEFT + number * CELL}" y="{top}" width="{CELL - 1}" height="{CELL - 1}" '
                f'fill="{COLOURS[worst(states)]}"><title>{name} {day}: {numbers}</title></rect>'
            )
