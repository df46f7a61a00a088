"""How complete the candles are that refine puts together from shorter ones: told by refined itself.

Audit accounts for what sources are asked for. A derived candle is asked of nobody; what is known of it is in
its row (docs/decisions/0011-coverage.md).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from rich.table import Table

from coinlake import intervals, parquet
from coinlake.errors import NotFound
from coinlake.keys import Partition, RefinedKey
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from ops.dates import DateRange
from ops.gaps.coverage import CandleSeries
from ops.stack import Stack
from refine.partitions import months_between
from refine.tables.candles import LONGER

STATES: Final = ("complete", "running", "incomplete")
_TABLE: Final = "candles"
_MAX_BYTES: Final = 1 << 30
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Derived:
    """One market and interval: its derived candles by state, and what share of those over is known.

    ``newest_hole`` is the newest incomplete one: its start, and the share of it that is known.
    """

    series: CandleSeries
    states: Counter[str]
    known_percent: float | None
    newest_hole: tuple[datetime, float] | None


def read(stack: Stack, days: DateRange, now: datetime) -> list[Derived]:
    """Of every market and interval that has derived candles in these days."""
    names = [interval for longer in LONGER.values() for interval in longer]
    return [
        found
        for interval in sorted(names, key=intervals.duration)
        for found in count(interval, _rows(stack.lake, interval, days), now)
    ]


def count(interval: str, rows: pa.Table, now: datetime) -> Iterator[Derived]:
    """By market; ``rows`` are refined candles of the interval, of which the derived ones count.

    A candle is ``running`` that is not over and of which nothing is missing so far.
    """
    rows = rows.filter(pc.is_valid(rows["derived_from"]))
    columns = ("source", "base", "quote", "open_time", "is_complete", "has_gap", "coverage")
    markets: dict[CandleSeries, Counter[str]] = {}
    shares: dict[CandleSeries, list[float]] = {}
    holes: dict[CandleSeries, tuple[datetime, float]] = {}
    step = intervals.duration(interval)
    for source, base, quote, opened, *told in zip(*(rows[name].to_pylist() for name in columns), strict=True):
        is_complete, has_gap, coverage = told
        is_running = not is_complete and has_gap is False and opened + step > now
        state = "complete" if is_complete else "running" if is_running else "incomplete"
        market = CandleSeries(source, interval, base, quote)
        markets.setdefault(market, Counter())[state] += 1
        if not is_running:
            shares.setdefault(market, []).append(coverage or 0.0)
        if state == "incomplete":
            holes[market] = max(holes.get(market, (opened, 0.0)), (opened, coverage or 0.0))
    for market in sorted(markets):
        known = shares.get(market)
        percent = 100 * sum(known) / len(known) if known else None
        yield Derived(market, markets[market], percent, holes.get(market))


def summary(found: Sequence[Derived]) -> str | None:
    """How many are incomplete, and the newest of the longest interval; None where none is."""
    holed = [(line.series, *line.newest_hole) for line in found if line.newest_hole]
    if not holed:
        return None
    number, of = (sum(count) for count in zip(*map(_incomplete, found), strict=True))
    series, opened, share = max(holed, key=lambda hole: (intervals.duration(hole[0].interval), hole[1]))
    market = f"{series.source} {series.base}-{series.quote} {series.interval}"
    return (
        f"{number:,} of {of:,} derived candles are incomplete, and say so: {market} of "
        f"{opened:%Y-%m-%d %H:%M} UTC has {100 * share:.1f} % of its time, "
        "is_complete = false"
    )


def _incomplete(line: Derived) -> tuple[int, int]:
    return line.states["incomplete"], line.states.total()


def document(found: Iterable[Derived]) -> dict[str, Any]:
    """The same for ``--json``."""
    return {
        "derived": [
            {
                **{name: getattr(line.series, name) for name in ("source", "interval", "base", "quote")},
                **{state: line.states[state] for state in STATES},
                "known_percent": line.known_percent,
            }
            for line in found
        ]
    }


def table(found: Iterable[Derived]) -> Table:
    """A line for each market and interval."""
    shown = Table(title="Candles put together from shorter ones", title_justify="left")
    for name in ("source", "every", "market"):
        shown.add_column(name)
    for name in (*STATES, "known"):
        shown.add_column(name, justify="right")
    for line in found:
        numbers = (f"{line.states[state]:,}" if line.states[state] else "" for state in STATES)
        share = "–" if line.known_percent is None else f"{line.known_percent:.2f} %"
        name = f"{line.series.base}-{line.series.quote}"
        style = "red" if line.states["incomplete"] else None
        shown.add_row(line.series.source, line.series.interval, name, *numbers, share, style=style)
    return shown


def _rows(lake: ObjectStore, interval: str, days: DateRange) -> pa.Table:
    """The interval's refined candles that open in these days."""
    months = [
        _part(lake, Partition.month(month, interval=interval))
        for month in months_between(f"{days.start:%Y-%m}", f"{days.end:%Y-%m}")
    ]
    rows = pa.concat_tables(months, promote_options="default")
    start, end = (datetime.combine(day, time(), UTC) for day in (days.start, days.end + _ONE_DAY))
    return rows.filter((pc.field("open_time") >= start) & (pc.field("open_time") < end))


def _part(lake: ObjectStore, partition: Partition) -> pa.Table:
    schema = refined()[_TABLE].schema
    try:
        body = lake.get(str(RefinedKey(_TABLE, partition)), _MAX_BYTES).body
    except NotFound:
        return schema.empty_table()
    return parquet.decode(refined()[_TABLE], body).cast(schema)
