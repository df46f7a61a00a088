"""Sparklines: a market's last two days in at most 48 points."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from refine.publish.documents import number
from refine.tables.grouping import DAY, MARKET, MICROSECOND, codes, column, last, take, together
from refine.tables.observations import closes

Market = tuple[str, str, str]
Points = list[list[float | None]]

POINTS: Final = 48
SEEN: Final = (*MARKET, "observed_at", "price")
_SECOND: Final = 1_000_000
_STEPS: Final = [INTERVALS[name] // MICROSECOND for name in ("1m", "5m", "15m", "30m", "1h")]


def sparks(quotes: pa.Table, hours: pa.Table) -> dict[Market, Points]:
    """``[[time, price], …]`` by market: the last price of each step, the shortest that reaches."""
    seen = together(quotes.select(SEEN), closes(hours))
    if not seen.num_rows:
        return {}
    moment = column(seen, "observed_at")
    recent = seen.filter(pa.array(moment > moment.max() - 2 * DAY)).combine_chunks()
    moment = column(recent, "observed_at")
    span = moment.max() - moment.min()
    step = next((step for step in _STEPS if span < POINTS * step), _STEPS[-1])
    market = codes(recent, MARKET)
    slots = market * (span // step + 2) + (moment - moment.min()) // step
    chosen = take(recent, last(slots, moment))
    return _by_market(chosen.take(pc.sort_indices(chosen, [("observed_at", "ascending")])))


def _by_market(rows: pa.Table) -> dict[Market, Points]:
    found: dict[Market, Points] = {}
    times = np.asarray(rows["observed_at"].cast(pa.int64())) // _SECOND
    names = zip(*(rows[name].to_pylist() for name in MARKET), strict=True)
    for market, time, price in zip(names, times.tolist(), rows["price"].to_pylist(), strict=True):
        found.setdefault(market, []).append([time, number(price)])
    return {market: points[-POINTS:] for market, points in found.items()}
