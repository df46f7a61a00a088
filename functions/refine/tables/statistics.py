"""Returns, volatility and drawdown of daily closes: float64 out of exact prices.

Markets by days are matrices. Sums run day by day over whole columns and results are rounded to ten
decimals, so that the same closes give the same bytes on every processor and whatever is beside them.
"""

from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers
from refine.tables.grouping import MARKET, codes, day_number, days, order, rounded, together

WINDOW_DAYS: Final = 30
MIN_RETURNS: Final = 20  # fewer make no volatility
DAYS_A_YEAR: Final = 365  # crypto trades every day
_DECIMALS: Final = 10


class _Place(NamedTuple):
    """Where rows lie in the matrices: their market's row, their day's column."""

    market: Numbers
    day: Numbers


def with_statistics(rows: pa.Table, earlier: pa.Table, peaks: pa.Table, start: date) -> pa.Table:
    """``rows`` of a month from ``start``, and ``asset_days`` of the days ``earlier``, with their statistics.

    A return needs the close of the day before; a volatility 20 returns within the 30 days that end
    with its day, annualised as the sample standard deviation times the square root of 365.
    """
    first = day_number(start - timedelta(days=WINDOW_DAYS))
    earlier = earlier.filter(pa.array(days(earlier) >= first))
    both = together(earlier.select([*MARKET, "dt", "close"]), rows)
    place = _Place(codes(both, MARKET), days(both) - first)
    old, new = (_Place(*(part[half] for part in place)) for half in _halves(earlier.num_rows))
    closes = _matrix(place, both["close"].cast(pa.float64()))
    simple, logs = _returns(closes)
    logs[old] = _floats(earlier["log_return"])
    peak = _peaks(rows, peaks)
    drawdown = pc.subtract(pc.divide(rows["close"].cast(pa.float64()), peak.cast(pa.float64())), 1.0)
    found = {
        "simple_return": simple[new],
        "log_return": logs[new],
        "volatility_30d": _volatility(logs)[new],
        "drawdown": _floats(drawdown),
    }
    for name, values in found.items():
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


def _halves(middle: int) -> tuple[slice, slice]:
    return slice(None, middle), slice(middle, None)


def _matrix(place: _Place, values: pa.ChunkedArray) -> Numbers:
    """Markets by days, NaN where there is no value; a column for each day that a month's window has."""
    shape = (place.market.max(initial=-1) + 1, WINDOW_DAYS + 31)
    matrix: Numbers = np.full(shape, np.nan)
    matrix[place] = _floats(values)
    return matrix


def _floats(values: pa.ChunkedArray) -> Numbers:
    """float64, NaN for null."""
    floats: Numbers = values.to_numpy().astype(np.float64)
    return floats


def _volatility(logs: Numbers) -> Numbers:
    """For each day that of the 30 days which end with it; NaN before the matrix holds 30."""
    known, some = ~np.isnan(logs), np.nan_to_num(logs)
    result: Numbers = np.full(logs.shape, np.nan)
    width = logs.shape[1] - WINDOW_DAYS
    windows = [slice(back, back + width) for back in range(1, WINDOW_DAYS + 1)]
    count, total, squares = (np.zeros((len(logs), width)) for _ in range(3))
    for days_ in windows:
        count += known[:, days_]
        total += some[:, days_]
    enough = count >= MIN_RETURNS
    mean = total / np.maximum(count, 1)
    for days_ in windows:
        squares += np.where(known[:, days_], (some[:, days_] - mean) ** 2, 0)
    deviation = np.sqrt(squares / np.maximum(count - 1, 1))
    result[:, WINDOW_DAYS:] = np.where(enough, deviation * np.sqrt(DAYS_A_YEAR), np.nan)
    return result


def _peaks(rows: pa.Table, before: pa.Table) -> pa.ChunkedArray:
    """For each row its market's highest close up to its day, those of earlier months in ``before``."""
    names = [*MARKET, "close"]
    carried = before.select([*MARKET, "peak"]).rename_columns(names)
    both = together(carried, rows)
    market, height = codes(both, MARKET), order(both["close"])
    day = np.append(np.zeros(carried.num_rows, np.int64), 1 + days(rows) - days(rows).min(initial=1 << 30))
    heights = np.zeros((market.max(initial=-1) + 1, day.max(initial=0) + 1), np.int64)
    heights[market, day] = height
    highest: Numbers = np.maximum.accumulate(heights, axis=1)[market, day][carried.num_rows :]
    where = np.zeros(height.max(initial=0) + 1, np.int64)
    where[height] = np.arange(len(height))
    return both["close"].take(pa.array(where[highest], pa.int64()))
