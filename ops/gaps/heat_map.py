"""Coverage as a picture: a line for each market, a square for each day, the worst state its colour.

A year of days is narrow, and its equal neighbours one bar, so that it fits a screen.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from html import escape
from itertools import groupby
from typing import Final

from ops.dates import DateRange
from ops.gaps.coverage import STATES, CandleSeries, Coverage, explained_percent, total, worst_state

COLOURS: Final = {
    "present": "#2f9e63",
    "no_trade": "#9bd3b4",
    "not_listed": "#e3e5e8",
    "pending": "#8fb4e8",
    "venue_outage": "#f2b84b",
    "unfillable": "#8a4fbf",
    "our_outage": "#d6403a",
}
# All sizes are pixels.
CELL: Final = 14  # the height of a line, and the width of a day where there is room
MAX_DAYS_WIDTH: Final = 1100
LEFT: Final = 210
RIGHT: Final = 70
TOP: Final = 84
_LEGEND_STEP: Final = 104
_LABEL_WIDTH: Final = 52
# Days narrower than this have no gap between them, and equal neighbours are one bar.
_MIN_SEPARATED_WIDTH: Final = 4
_TEXT: Final = 'font-family="sans-serif" font-size="11" fill="#222"'


def svg(coverage: Coverage, days: DateRange) -> str:
    """A whole SVG document; each square's tooltip has the numbers, and each line its share explained."""
    count = len(list(days))
    day_width = max(1, min(CELL, MAX_DAYS_WIDTH // count))
    end = LEFT + count * day_width
    width = max(end + RIGHT, LEFT + len(STATES) * _LEGEND_STEP)
    height = TOP + len(coverage) * CELL + CELL
    title = f"Candles from {days.start} to {days.end}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img">',
        f"<title>{title}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="22" {_TEXT} font-weight="bold">{title}</text>',
        *_legend(),
        *_months(days, day_width),
    ]
    for row, (market, by_day) in enumerate(sorted(coverage.items())):
        top = TOP + row * CELL
        percent = explained_percent(total(by_day))
        share = "" if percent is None else f"{percent:.2f} %"
        parts += _row(top, market, by_day, days, day_width)
        parts.append(f'<text x="{end + 8}" y="{top + CELL - 3}" {_TEXT}>{share}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> Iterator[str]:
    for number, state in enumerate(STATES):
        left = LEFT + number * _LEGEND_STEP
        yield f'<rect x="{left}" y="34" width="{CELL - 2}" height="{CELL - 2}" fill="{COLOURS[state]}"/>'
        yield f'<text x="{left + CELL + 2}" y="44" {_TEXT}>{state.replace("_", " ")}</text>'


def _months(days: DateRange, day_width: int) -> Iterator[str]:
    """The first day and the months' first, as many as have room; a year where one begins."""
    free = 0
    for number, day in enumerate(days):
        left = LEFT + number * day_width
        if (number == 0 or day.day == 1) and left >= free:
            free = left + _LABEL_WIDTH
            shown = f"{day:%b %Y}" if day.day == 1 and day.month == 1 else f"{day:%d %b}"
            yield f'<text x="{left}" y="{TOP - 8}" {_TEXT}>{shown}</text>'


def _row(
    top: int, market: CandleSeries, by_day: dict[date, Counter[str]], days: DateRange, day_width: int
) -> Iterator[str]:
    name = escape(f"{market.source} {market.interval} {market.base}-{market.quote}")
    yield f'<text x="8" y="{top + CELL - 3}" {_TEXT}>{name}</text>'
    narrow = day_width < _MIN_SEPARATED_WIDTH
    for bar in _bars(by_day, days, merged=narrow):
        (number, first), (_, last), states = bar[0], bar[-1], total({day: by_day[day] for _, day in bar})
        width = len(bar) * day_width - (0 if narrow else 1)
        span = f"{first}" if first == last else f"{first} to {last}"
        counts = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
        yield (
            f'<rect x="{LEFT + number * day_width}" y="{top}" width="{width}" height="{CELL - 1}" '
            f'fill="{COLOURS[worst_state(by_day[first])]}"><title>{name} {span}: {counts}</title></rect>'
        )


def _bars(
    by_day: dict[date, Counter[str]], days: DateRange, *, merged: bool
) -> Iterator[list[tuple[int, date]]]:
    """The numbered days that are known, each alone, or ``merged`` with neighbours of the same colour."""
    known = [(number, day) for number, day in enumerate(days) if by_day.get(day)]
    for _, bar in groupby(
        enumerate(known),
        key=lambda item: (
            item[1][0] - item[0],
            worst_state(by_day[item[1][1]]) if merged else item[1][1],
        ),
    ):
        yield [numbered for _, numbered in bar]
