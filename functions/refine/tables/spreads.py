"""``spreads``: what each source asks for an asset against the median of all, at the same time.

Times are the same where they lie in the same five minutes: a candle's close is seen at its end, so
hourly candles meet the last quotes before the hour. A part keeps all five minutes of its newest hour,
and of older hours the last. Only closed candles of the source's own count: an open one is gone later.
"""

from collections.abc import Callable, Mapping, Set
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers, repeats
from coinlake.tables import DECIMAL, TIMESTAMP, refined
from refine.parts import Part
from refine.tables.grouping import (
    DAY,
    MARKET,
    MICROSECOND,
    codes,
    column,
    days,
    first,
    given,
    last,
    order,
    positions,
    rounded,
    take,
    together,
)
from refine.tables.months import month_of
from refine.tables.observations import QUOTES, closes, preference, prices

TABLE: Final = "spreads"
_SLOT: Final = timedelta(minutes=5) // MICROSECOND
_HOUR: Final = timedelta(hours=1) // MICROSECOND
_DECIMALS: Final = 6  # of basis points: equal bytes on every processor
_VENUE: Final = (*MARKET, "slot_time")
_GROUP: Final = ("base", "quote", "slot_time")
_SEEN: Final = (*MARKET, "observed_at", "price", "made_from")
_WIDE: Final = pa.decimal256(39, 18)


def partitions(changed: Set[Part], _existing: Callable[[str], list[str]]) -> list[Part]:
    months = {month_of(part) for part in changed if part.table in {"quotes", "candles"}}
    return [Part(TABLE, f"month={month}") for month in sorted(months)]


def inputs(part: Part, changed: Set[Part]) -> list[Part]:
    touched = [one for one in changed if one.table in {"quotes", "candles"}]
    return [part, *sorted(one for one in touched if month_of(one) == month_of(part))]


def derive(_part: Part, parts: Mapping[str, pa.Table]) -> pa.Table:
    """The prices of the touched parts, and of others as they were, each against its neighbours."""
    quotes, candles, own = (given(parts, table) for table in ("quotes", "candles", TABLE))
    on_its_day = column(quotes, "observed_at") // DAY == days(quotes)
    seen = together(prices(quotes.filter(pa.array(on_its_day))), closes(candles))
    told = own.filter(pc.invert(_is_told(own, quotes, candles)))
    rows = _by_slot(together(seen.filter(_is_mapped(seen)).select(_SEEN), told))
    group = codes(rows, _GROUP)
    median = _medians(group, rows["price"])
    count = np.bincount(group)[group] if len(group) else group
    rows = rows.append_column("venues", pa.array(count, pa.int32())).append_column("median", median)
    rows = rows.append_column(
        "spread_bps", _bps(rows["price"], rows["median"], pc.greater(rows["venues"], 1))
    )
    rows = rows.append_column("usd_spread_bps", _against_dollars(rows))
    schema = refined()[TABLE].schema
    return rows.select(schema.names).cast(schema)


def _is_mapped(rows: pa.Table) -> pa.ChunkedArray:
    """Whether two sources can mean the same asset: its symbol is the map's, and no id of one source."""
    return pc.invert(pc.match_substring(rows["base"], ":"))


def _is_told(own: pa.Table, quotes: pa.Table, candles: pa.Table) -> pa.Array:
    """Which rows came from the touched parts: these tell all of theirs anew."""
    on_day = np.isin(column(own, "observed_at") // DAY, np.unique(days(quotes)))
    intervals = pc.unique(candles["interval"])
    return pc.if_else(
        pc.equal(own["made_from"], QUOTES), pa.array(on_day), pc.is_in(own["made_from"], value_set=intervals)
    )


def _by_slot(rows: pa.Table) -> pa.Table:
    """The last price of each market and five minutes, of the hours' ends and of the newest hour."""
    observed = column(rows, "observed_at")
    slot = -(-observed // _SLOT) * _SLOT
    kept = (slot % _HOUR == 0) | (slot > slot.max(initial=0) - _HOUR)
    rows = rows.append_column("slot_time", pa.array(slot).cast(TIMESTAMP)).filter(pa.array(kept))
    order_ = (column(rows, "observed_at"), preference(rows["made_from"]))
    return take(rows, last(codes(rows, _VENUE), *order_)).combine_chunks()


def _medians(group: Numbers, values: pa.ChunkedArray) -> pa.Array:
    """For each row its group's median, exact but for half of the last decimal, which is made even."""
    by = np.lexsort([order(values), group])
    starts = np.flatnonzero(~repeats(by, [group]))
    counts = np.diff(np.append(starts, len(by)))
    low, high = (values.take(pa.array(by[starts + half])) for half in ((counts - 1) // 2, counts // 2))
    total = pc.add(low.cast(_WIDE), high.cast(_WIDE))
    half = pc.multiply(total, pa.scalar(Decimal("0.5"), pa.decimal256(2, 1)))
    return pc.round(half, 18, "half_to_even").cast(DECIMAL).combine_chunks().take(pa.array(group))


def _against_dollars(rows: pa.Table) -> pa.Array:
    """Prices in other currencies against the dollars' median of the same asset and time."""
    dollars = rows.filter(pc.field("quote") == "USD").combine_chunks()
    where = positions(rows, take(dollars, first(codes(dollars, _GROUP))), ("base", "slot_time"))
    median = take(dollars, first(codes(dollars, _GROUP)))["median"].take(where)
    return _bps(rows["price"], median, pc.not_equal(rows["quote"], "USD"))


def _bps(prices_: pa.ChunkedArray, median: pa.ChunkedArray, told: pa.ChunkedArray) -> pa.ChunkedArray:
    """How far prices are from their medians where ``told``; null elsewhere, and without a median."""
    ratio = pc.divide(prices_.cast(pa.float64()), median.cast(pa.float64()))
    bps = rounded(pc.multiply(pc.subtract(ratio, 1.0), 10_000.0), _DECIMALS)
    return pc.if_else(told, bps, pa.scalar(None, pa.float64()))
