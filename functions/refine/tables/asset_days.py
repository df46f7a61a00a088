"""``asset_days``: a market's day, its returns, its volatility and how far it is below its peak.

A day is the source's daily candle, its own or put together from its hours; without one it is what
the day's quotes say. Statistics are made of complete days only (decision 11): of the others they are
null, and they are no peak. Months are derived in order: each carries on from the days before it and from
``asset_peaks``, the running peaks at the end of the month before, so the cost of a month does not
grow with history, and a late answer about an older month reaches every later one.

``asset_peaks``, derived here too, holds the highest close of each market up to the end of a month, and
its first day. Every market that ever had a complete day is in every month from its first, with or without
days in it.
"""

from collections.abc import Callable, Mapping, Set
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import Partition
from coinlake.ranks import Numbers
from coinlake.tables import DECIMAL, refined
from refine.partitions import TablePartition, first_day, months_between, next_month, previous_month
from refine.tables.grouping import (
    DAY,
    MARKET,
    MICROSECOND,
    codes,
    column,
    concat,
    day_number,
    day_texts,
    days,
    dense_ranks,
    first,
    last,
    positions,
    rounded,
    rows_of,
    take,
    without,
)

TABLE: Final = "asset_days"
PEAKS: Final = "asset_peaks"
WINDOW_DAYS: Final = 30
MIN_RETURNS: Final = 20  # fewer make no volatility
DAYS_A_YEAR: Final = 365  # crypto trades every day
_DECIMALS: Final = 10  # of statistics: equal bytes on every processor
_DAY_KEY: Final = (*MARKET, "dt")
_HOUR: Final = timedelta(hours=1) // MICROSECOND
_HOURS: Final = DAY // _HOUR
_COVERAGE: Final = ("coverage", "is_complete", "has_gap")
_NO_NUMBER: Final = pa.scalar(None, pa.float64())
_FROM_QUOTES: Final = ("market_cap", "change_24h_percent")  # whatever the day is made of


def partitions(
    changed: Set[TablePartition], existing: Callable[[str], list[Partition]]
) -> list[TablePartition]:
    """The months that changed and all later ones, each before its peaks.

    All later ones, even where the first of them stays as it is: an earlier run may have ended
    between two of them. A month that the lake has nothing of carries the peaks across.
    """
    touched = [partition.month for partition in changed if _is_input(partition)]
    if not touched:
        return []
    known = [TablePartition(PEAKS, partition).month for partition in existing(PEAKS)]
    earlier = sorted(month for month in known if month < min(touched))
    start = min([*touched, *(next_month(month) for month in earlier[-1:])])
    months = months_between(start, max([*touched, *known]))
    return [TablePartition(table, Partition.month(month)) for month in months for table in (TABLE, PEAKS)]


def inputs(partition: TablePartition, changed: Set[TablePartition]) -> list[TablePartition]:
    month = partition.month
    own = TablePartition(TABLE, Partition.month(month))
    peaks = TablePartition(PEAKS, Partition.month(previous_month(month)))
    if partition.table == PEAKS:
        return [own, peaks]
    window_start = first_day(month) - timedelta(days=WINDOW_DAYS)
    earlier = months_between(f"{window_start:%Y-%m}", previous_month(month))
    return [
        own,
        *(TablePartition(TABLE, Partition.month(before)) for before in earlier),
        peaks,
        TablePartition("candles", Partition.month(month, interval="1d")),
        *sorted(quotes for quotes in changed if quotes.table == "quotes" and quotes.month == month),
    ]


def derive(partition: TablePartition, inputs_: Mapping[str, pa.Table]) -> pa.Table:
    """The month's days, or the peaks at its end."""
    if partition.table == PEAKS:
        return _month_end_peaks(inputs_)
    month = partition.month
    all_days = rows_of(inputs_, TABLE)
    own, earlier = (all_days.filter(pc.field("month") == month), all_days.filter(pc.field("month") != month))
    month_days = _merged(
        own, from_quotes(rows_of(inputs_, "quotes")), from_candles(rows_of(inputs_, "candles"))
    )
    result = with_statistics(month_days, earlier, rows_of(inputs_, PEAKS), first_day(month))
    schema = refined()[TABLE].schema
    return result.select(schema.names).cast(schema)


def _is_input(partition: TablePartition) -> bool:
    return partition.table == "quotes" or partition.values.get("interval") == "1d"


def _merged(own: pa.Table, quotes: pa.Table, candles: pa.Table) -> pa.Table:
    """The days as the touched ``quotes`` and all ``candles`` of the month say; the others as they were."""
    quoted = concat(quotes, without(own, quotes, _DAY_KEY))
    where = positions(candles, quoted, _DAY_KEY)
    for name in _FROM_QUOTES:
        candles = candles.append_column(name, quoted[name].take(where))
    from_quotes_alone = without(quoted, candles, _DAY_KEY).filter(pc.field("made_from") == "quotes")
    return concat(candles, from_quotes_alone)


def _month_end_peaks(inputs_: Mapping[str, pa.Table]) -> pa.Table:
    """From the peaks of the month before and the closes of this one; of equal closes the earliest counts."""
    schema = refined()[PEAKS].schema
    complete = rows_of(inputs_, TABLE).filter(pc.field("is_complete"))
    closes = complete.select([*MARKET, "close", "dt"]).rename_columns(schema.names)
    peaks = concat(rows_of(inputs_, PEAKS).select(schema.names), closes)
    highest = last(codes(peaks, MARKET), dense_ranks(peaks["peak"]), -days(peaks, "peak_dt"))
    return take(peaks, np.sort(highest)).cast(schema)


# A market's day out of its candles, or out of its quotes.


def from_candles(candles: pa.Table) -> pa.Table:
    """One row for each daily candle; ``candles`` counts those of a shorter interval that it was made of."""
    own = pc.is_null(candles["derived_from"])
    return pa.table(
        {name: candles[name] for name in MARKET}
        | {"dt": day_texts(column(candles, "open_time") // DAY)}
        | {name: candles[name] for name in ("open", "high", "low", "close", "volume", "quote_volume")}
        | {
            "made_from": pc.if_else(own, "1d", candles["derived_from"]),
            "candles": pc.if_else(own, pa.scalar(1, pa.int32()), candles["parts"]),
            "quotes": pa.nulls(candles.num_rows, pa.int32()),
        }
        | {name: candles[name] for name in _COVERAGE}
    )


def from_quotes(quotes: pa.Table) -> pa.Table:
    """One row for each market and day of the quotes' folders, of what was observed on that day.

    Volumes are the last rolling 24 hours of the day, as the source counts them. What is known of the day
    are its hours that have a quote.
    """
    quotes = quotes.filter(pa.array(column(quotes, "observed_at") // DAY == days(quotes))).combine_chunks()
    group = codes(quotes, _DAY_KEY)
    observed = column(quotes, "observed_at")
    opening, closing = take(quotes, first(group, observed)), take(quotes, last(group, observed))
    high, low, count = _extremes(group, quotes["price"])
    return pa.table(
        {name: closing[name] for name in _DAY_KEY}
        | {"open": opening["price"], "high": high, "low": low, "close": closing["price"]}
        | {"volume": closing["volume_24h_base"], "quote_volume": closing["volume_24h_quote"]}
        | {
            "made_from": pa.repeat("quotes", len(count)),
            "candles": pa.nulls(len(count), pa.int32()),
            "quotes": count.cast(pa.int32()),
        }
        | {name: closing[name] for name in _FROM_QUOTES}
        | _hours(group, observed % DAY // _HOUR)
    )


def _hours(group: Numbers, hour: Numbers) -> dict[str, pa.Array]:
    """What is known of each group's day: how many of its hours there are, and whether one is left out."""
    of_day, hours = np.unique(np.stack([group, hour]), axis=1)
    known = np.bincount(of_day)
    newest = hours[np.cumsum(known) - 1]
    return {
        "coverage": rounded(known / _HOURS, _DECIMALS),
        "is_complete": pa.array(known == _HOURS),
        "has_gap": pa.array(known <= newest),
    }


def _extremes(group: Numbers, prices: pa.ChunkedArray) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The highest and lowest price and the count of each group, in the groups' order."""
    rows = pa.table(
        {"group": group, "price": prices}, schema=pa.schema({"group": pa.int64(), "price": DECIMAL})
    )
    functions = ("max", "min", "count")
    groups = rows.group_by("group", use_threads=False).aggregate([("price", name) for name in functions])
    groups = take(groups, np.argsort(groups["group"].to_numpy())).combine_chunks()
    return tuple(groups[f"price_{name}"].combine_chunks() for name in functions)


# Returns, volatility and drawdown of daily closes: float64 out of exact prices. Markets by days are
# matrices. Sums run day by day over whole columns and results are rounded to ten decimals, so that the
# same closes give the same bytes on every processor and whatever is beside them.


class _Cells(NamedTuple):
    """Where rows lie in the matrices: their market's row, their day's column."""

    market: Numbers
    day: Numbers


def with_statistics(rows: pa.Table, earlier: pa.Table, peaks: pa.Table, start: date) -> pa.Table:
    """``rows`` of a month from ``start``, and ``asset_days`` of the days ``earlier``, with their statistics.

    A return needs two complete days, one after the other; a volatility 20 returns within the 30 days that
    end with its day, annualised as the sample standard deviation times the square root of 365.
    """
    first_column = day_number(start - timedelta(days=WINDOW_DAYS))
    earlier = earlier.filter(pa.array(days(earlier) >= first_column))
    rows = rows.set_column(
        rows.schema.get_field_index("is_complete"), "is_complete", pc.fill_null(rows["is_complete"], False)
    )
    both = concat(earlier.select([*MARKET, "dt", "close", "is_complete"]), rows)
    cells = _Cells(codes(both, MARKET), days(both) - first_column)
    old = _Cells(*(place[: earlier.num_rows] for place in cells))
    new = _Cells(*(place[earlier.num_rows :] for place in cells))
    # A column for each day that a month's window has; NaN where there is no close of a complete one.
    closes = np.full((cells.market.max(initial=-1) + 1, WINDOW_DAYS + 31), np.nan)
    known = pc.if_else(both["is_complete"], both["close"].cast(pa.float64()), _NO_NUMBER)
    closes[cells] = _floats(known)
    simple, logs = _returns(closes)
    logs[old] = _floats(earlier["log_return"])
    peak = _peaks(rows, peaks)
    drawdown = pc.subtract(pc.divide(rows["close"].cast(pa.float64()), peak.cast(pa.float64())), 1.0)
    drawdown = pc.if_else(rows["is_complete"], drawdown, _NO_NUMBER)
    statistics = {
        "simple_return": simple[new],
        "log_return": logs[new],
        "volatility_30d": _volatility(logs)[new],
        "drawdown": _floats(drawdown),
    }
    for name, values in statistics.items():
        rows = rows.append_column(name, rounded(values, _DECIMALS))
    return rows.append_column("peak", peak)


def _returns(closes: Numbers) -> tuple[Numbers, Numbers]:
    """From each day before, simple and logarithmic; NaN where a day is missing or a price is 0."""
    simple, logs = (np.full(closes.shape, np.nan) for _ in range(2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = closes[:, 1:] / closes[:, :-1]
        simple[:, 1:], logs[:, 1:] = ratio - 1, np.round(np.log(ratio), _DECIMALS)
    logs[~np.isfinite(logs)] = np.nan
    return simple, logs


def _floats(values: pa.ChunkedArray) -> Numbers:
    """float64, NaN for null."""
    floats: Numbers = values.to_numpy().astype(np.float64)
    return floats


def _volatility(logs: Numbers) -> Numbers:
    """For each day that of the 30 days which end with it; NaN before the matrix holds 30."""
    known, values = ~np.isnan(logs), np.nan_to_num(logs)
    result: Numbers = np.full(logs.shape, np.nan)
    width = logs.shape[1] - WINDOW_DAYS
    windows = [slice(back, back + width) for back in range(1, WINDOW_DAYS + 1)]
    count, total, squares = (np.zeros((len(logs), width)) for _ in range(3))
    for window in windows:
        count += known[:, window]
        total += values[:, window]
    enough = count >= MIN_RETURNS
    mean = total / np.maximum(count, 1)
    for window in windows:
        squares += np.where(known[:, window], (values[:, window] - mean) ** 2, 0)
    deviation = np.sqrt(squares / np.maximum(count - 1, 1))
    result[:, WINDOW_DAYS:] = np.where(enough, deviation * np.sqrt(DAYS_A_YEAR), np.nan)
    return result


def _peaks(rows: pa.Table, before: pa.Table) -> pa.ChunkedArray:
    """For each row its market's highest close of a complete day up to its own; null without one.

    Those of earlier months are in ``before``.
    """
    carried = before.select([*MARKET, "peak"]).rename_columns([*MARKET, "close"])
    both = concat(carried, rows)
    market, height = codes(both, MARKET), dense_ranks(both["close"])
    day = np.append(np.zeros(carried.num_rows, np.int64), 1 + days(rows) - days(rows).min(initial=1 << 30))
    heights = np.zeros((market.max(initial=-1) + 1, day.max(initial=0) + 1), np.int64)
    complete = np.append(np.ones(carried.num_rows, np.bool_), rows["is_complete"].to_numpy())
    heights[market, day] = np.where(complete, height, 0)  # ranks begin with 1
    highest: Numbers = np.maximum.accumulate(heights, axis=1)[market, day][carried.num_rows :]
    row_of_height = np.zeros(height.max(initial=0) + 1, np.int64)
    row_of_height[height] = np.arange(len(height))
    return both["close"].take(pa.array(row_of_height[highest], pa.int64(), mask=highest == 0))
