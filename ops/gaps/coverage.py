"""The gap ledger by market and day: how many candle buckets are in which state."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from rich.table import Table

from coinlake import intervals
from ops.dates import DateRange
from ops.query import duckdb
from ops.stack import Stack

# From best to worst: the order of the table's columns, and which state colours a day.
STATES: Final = (
    "present",
    "no_trade",
    "not_listed",
    "pending",
    "venue_outage",
    "unfillable",
    "our_outage",
)
_NOT_EXPECTED: Final = ("not_listed", "pending")
_EXPLAINED: Final = ("present", "no_trade", "venue_outage")


@dataclass(frozen=True, slots=True, order=True)
class CandleSeries:
    """One market's candles of one interval at one source."""

    source: str
    interval: str
    base: str
    quote: str


Coverage = dict[CandleSeries, dict[date, Counter[str]]]


@dataclass(frozen=True, slots=True)
class Gap:
    """One row of the table ``gaps``: ``buckets`` from ``open_time`` on are in ``state``."""

    market: CandleSeries
    open_time: datetime
    buckets: int
    state: str


def audit(stack: Stack, days: int) -> dict[str, Any]:
    """Account for the candles of the last ``days`` now; returns what functions/audit/handler.py does."""
    return stack.invoke("audit", {"days": days})


def read(stack: Stack, days: DateRange) -> list[Gap]:
    """The rows of the months that the days touch."""
    rows = duckdb.query(
        stack,
        "SELECT source, interval, base, quote, open_time, buckets, state FROM gaps "  # noqa: S608 - months of dates
        f"WHERE month BETWEEN '{days.start:%Y-%m}' AND '{days.end:%Y-%m}' ORDER BY ALL",
    ).rows
    return [Gap(CandleSeries(*row[:4]), row[4].replace(tzinfo=UTC), row[5], row[6]) for row in rows]


def coverage(gaps: Iterable[Gap], days: DateRange) -> Coverage:
    """For each market and day, how many of its buckets are in which state."""
    by_market: Coverage = {}
    for gap in gaps:
        step = intervals.duration(gap.market.interval)
        by_day = by_market.setdefault(gap.market, {})
        for number in range(gap.buckets):
            day = (gap.open_time + number * step).date()
            if days.start <= day <= days.end:
                by_day.setdefault(day, Counter())[gap.state] += 1
    return by_market


def total(by_day: dict[date, Counter[str]]) -> Counter[str]:
    return sum(by_day.values(), Counter[str]())


def explained_percent(states: Counter[str]) -> float | None:
    """The share of the expected buckets that are present, or known not to exist; None of no bucket."""
    expected = states.total() - sum(states[state] for state in _NOT_EXPECTED)
    return 100 * sum(states[state] for state in _EXPLAINED) / expected if expected else None


def worst_state(states: Counter[str]) -> str:
    """The state that a day is shown in."""
    return max((state for state in states if states[state]), key=STATES.index)


def table(coverage: Coverage) -> Table:
    """A line for each market: its buckets by state."""
    shown = Table(title="Candles accounted for", title_justify="left")
    for name in ("source", "every", "market"):
        shown.add_column(name)
    for name in (*STATES, "explained"):
        shown.add_column(name.replace("_", " "), justify="right")
    for market, by_day in sorted(coverage.items()):
        states = total(by_day)
        percent = explained_percent(states)
        numbers = (f"{states[state]:,}" if states[state] else "" for state in STATES)
        share = "–" if percent is None else f"{percent:.2f} %"
        style = "red" if percent is not None and percent < 100 else None  # noqa: PLR2004 - all of it
        shown.add_row(
            market.source, market.interval, f"{market.base}-{market.quote}", *numbers, share, style=style
        )
    return shown


def document(coverage: Coverage, days: DateRange) -> dict[str, Any]:
    """For ``--json``: each market's buckets by state, in all and by day."""
    return {
        "start": str(days.start),
        "end": str(days.end),
        "markets": [
            {
                **asdict(market),
                "buckets": _counts(total(by_day)),
                "explained_percent": explained_percent(total(by_day)),
                "days": [
                    {"day": str(day), "buckets": _counts(states)} for day, states in sorted(by_day.items())
                ],
            }
            for market, by_day in sorted(coverage.items())
        ],
    }


def _counts(states: Counter[str]) -> dict[str, int]:
    return {state: states[state] for state in STATES}
