"""``latest``: the newest price of each market, with its day's change and volume.

The partition holds what the newest was before, so only what changed is read. Candles do not say their
day's change: it is computed from the hours before, which lie in the same month or the one before.
"""

from collections.abc import Callable, Mapping, Set
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import Partition
from coinlake.ranks import Numbers
from coinlake.tables import refined
from refine.partitions import TablePartition, next_month, previous_month
from refine.tables.grouping import (
    DAY,
    MARKET,
    codes,
    column,
    concat,
    last,
    positions,
    rounded,
    rows_of,
    sums,
    take,
)
from refine.tables.observations import DECIMALS, QUOTES, SCHEMA, closes, ends, preference, prices

TABLE: Final = "latest"
_TOLERANCE: Final = DAY // 8  # a quiet market has no trade in some hours
_INPUTS: Final = frozenset({"quotes", "candles"})
_OF_THE_DAY: Final = ("change_24h_percent", "volume_24h_base", "volume_24h_quote")


def partitions(
    changed: Set[TablePartition], _existing: Callable[[str], list[Partition]]
) -> list[TablePartition]:
    is_touched = any(partition.table in _INPUTS for partition in changed)
    return [TablePartition(TABLE, Partition())] if is_touched else []


def inputs(partition: TablePartition, changed: Set[TablePartition]) -> list[TablePartition]:
    """What changed, and the hours around it: the day's change of the month after may follow from them."""
    touched = {source for source in changed if source.table in _INPUTS}
    months = {source.month for source in touched if source.table == "candles"}
    around = {near for month in months for near in (previous_month(month), month, next_month(month))}
    hours = {TablePartition("candles", Partition.month(month, interval="1h")) for month in around}
    return [partition, *sorted(touched | hours)]


def derive(_partition: TablePartition, inputs_: Mapping[str, pa.Table]) -> pa.Table:
    """The newest of the touched partitions' prices and of those before."""
    own, candles = rows_of(inputs_, TABLE), rows_of(inputs_, "candles")
    observations = concat(own.select(SCHEMA.names), prices(rows_of(inputs_, "quotes")), closes(candles))
    rows = _newest(observations, own.num_rows)
    hours = candles.filter((pc.field("interval") == "1h") & pc.field("is_closed")).combine_chunks()
    rows = _with_day(rows, hours, own)
    age = (column(rows, "received_at") - column(rows, "observed_at")) // 1_000_000
    schema = refined()[TABLE].schema
    return rows.append_column("age_seconds", pa.array(age)).select(schema.names).cast(schema)


def _newest(rows: pa.Table, old: int) -> pa.Table:
    """The newest row of each market; of one observation that of a touched partition, not the ``old`` one."""
    is_new = np.arange(rows.num_rows) >= old
    precedence = (column(rows, name) for name in ("received_at", "raw_key"))
    by = (column(rows, "observed_at"), preference(rows["made_from"]), *precedence, is_new)
    return take(rows, last(codes(rows, MARKET), *by))


def _with_day(rows: pa.Table, hours: pa.Table, own: pa.Table) -> pa.Table:
    """Change and volumes of what candles made: from the hours given; where these do not say, as before."""
    computed = _day(rows, hours)
    where = positions(rows, own, (*MARKET, "observed_at", "made_from"))
    is_quote = pc.equal(rows["made_from"], QUOTES)
    for name in _OF_THE_DAY:
        known = pc.coalesce(computed[name], own[name].take(where))
        values = pc.if_else(is_quote, rows[name], known)
        rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    return rows


def _day(rows: pa.Table, hours: pa.Table) -> dict[str, pa.Array]:
    """For each row the change since the last hour that ended 24 to 27 hours before, and the volumes since."""
    where = positions(hours, rows, MARKET)
    hours, row = hours.filter(where.is_valid()).combine_chunks(), where.drop_null().to_numpy()
    ended, seen = ends(hours), column(rows, "observed_at")[row]
    start = (ended <= seen - DAY) & (ended > seen - DAY - _TOLERANCE)
    reference = np.flatnonzero(start)[last(row[start], ended[start])]
    since = np.full(rows.num_rows, np.iinfo(np.int64).max)
    since[row[reference]] = ended[reference]
    price_then: Numbers = np.full(rows.num_rows, np.nan)
    price_then[row[reference]] = hours["close"].cast(pa.float64()).to_numpy()[reference]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = rounded((rows["price"].cast(pa.float64()).to_numpy() / price_then - 1) * 100, DECIMALS)
    within = (ended > since[row]) & (ended <= seen)
    volumes = {
        f"volume_24h_{side}": sums(row[within], hours[name].filter(pa.array(within)), rows.num_rows)
        for side, name in (("base", "volume"), ("quote", "quote_volume"))
    }
    return {"change_24h_percent": change, **volumes}
