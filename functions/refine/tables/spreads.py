"""``spreads``: each source's price of an asset against the median of all, at the same time.

Times are the same where they lie in the same five minutes: a candle's close is observed at its end, so
hourly candles meet the last quotes before the hour. A partition keeps all five minutes of its newest hour,
and of older hours the last. Only closed candles of the source's own count: an open one is gone later.
"""

from collections.abc import Callable, Mapping, Set
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import Partition
from coinlake.ranks import Numbers, repeats
from coinlake.tables import DECIMAL, TIMESTAMP, refined
from refine.partitions import TablePartition
from refine.tables.grouping import (
    DAY,
    MARKET,
    MICROSECOND,
    codes,
    column,
    concat,
    days,
    dense_ranks,
    first,
    last,
    positions,
    rounded,
    rows_of,
    take,
)
from refine.tables.observations import QUOTES, closes, preference, prices

TABLE: Final = "spreads"
_INPUTS: Final = frozenset({"quotes", "candles"})
_SLOT: Final = timedelta(minutes=5) // MICROSECOND
_HOUR: Final = timedelta(hours=1) // MICROSECOND
_DECIMALS: Final = 6  # of basis points: equal bytes on every processor
_VENUE: Final = (*MARKET, "slot_time")
_GROUP: Final = ("base", "quote", "slot_time")
_PRICE_COLUMNS: Final = (*MARKET, "observed_at", "price", "made_from")
_WIDE: Final = pa.decimal256(39, 18)


def partitions(
    changed: Set[TablePartition], _existing: Callable[[str], list[Partition]]
) -> list[TablePartition]:
    months = {source.month for source in changed if source.table in _INPUTS}
    return [TablePartition(TABLE, Partition.month(month)) for month in sorted(months)]


def inputs(partition: TablePartition, changed: Set[TablePartition]) -> list[TablePartition]:
    touched = [source for source in changed if source.table in _INPUTS]
    return [partition, *sorted(source for source in touched if source.month == partition.month)]


def derive(_partition: TablePartition, inputs_: Mapping[str, pa.Table]) -> pa.Table:
    """The prices of the touched partitions, and of others as they were, each against its neighbours."""
    quotes, candles, own = (rows_of(inputs_, table) for table in ("quotes", "candles", TABLE))
    on_its_day = column(quotes, "observed_at") // DAY == days(quotes)
    observed = concat(prices(quotes.filter(pa.array(on_its_day))), closes(candles))
    kept = own.filter(pc.invert(_is_replaced(own, quotes, candles)))
    rows = _by_slot(concat(observed.filter(_is_mapped(observed)).select(_PRICE_COLUMNS), kept))
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


def _is_replaced(own: pa.Table, quotes: pa.Table, candles: pa.Table) -> pa.Array:
    """Which rows came from the touched partitions: these bring all of theirs anew."""
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
    by = (column(rows, "observed_at"), preference(rows["made_from"]))
    return take(rows, last(codes(rows, _VENUE), *by)).combine_chunks()


def _medians(group: Numbers, values: pa.ChunkedArray) -> pa.Array:
    """For each row its group's median, exact but for half of the last decimal, which is made even."""
    by = np.lexsort([dense_ranks(values), group])
    starts = np.flatnonzero(~repeats(by, [group]))
    counts = np.diff(np.append(starts, len(by)))
    low, high = (values.take(pa.array(by[starts + half])) for half in ((counts - 1) // 2, counts // 2))
    total = pc.add(low.cast(_WIDE), high.cast(_WIDE))
    half = pc.multiply(total, pa.scalar(Decimal("0.5"), pa.decimal256(2, 1)))
    return pc.round(half, 18, "half_to_even").cast(DECIMAL).combine_chunks().take(pa.array(group))


def _against_dollars(rows: pa.Table) -> pa.Array:
    """Prices in other currencies against the dollars' median of the same asset and time."""
    dollars = rows.filter(pc.field("quote") == "USD").combine_chunks()
    medians = take(dollars, first(codes(dollars, _GROUP)))
    median = medians["median"].take(positions(rows, medians, ("base", "slot_time")))
    return _bps(rows["price"], median, pc.not_equal(rows["quote"], "USD"))


def _bps(price: pa.ChunkedArray, median: pa.ChunkedArray, is_compared: pa.ChunkedArray) -> pa.ChunkedArray:
    """How far prices are from their medians where they are compared; null elsewhere, and without a median."""
    ratio = pc.divide(price.cast(pa.float64()), median.cast(pa.float64()))
    bps = rounded(pc.multiply(pc.subtract(ratio, 1.0), 10_000.0), _DECIMALS)
    return pc.if_else(is_compared, bps, pa.scalar(None, pa.float64()))
