"""``latest``: the newest price of each market, with its day's change and volume.

The partition holds what the newest was before, so only what changed is read. Candles do not say their
day's change: it is computed from the hours before, which lie in the same month or the one before, and is
null over an hour of which nothing is known (decision 11).
"""

from collections.abc import Callable, Mapping, Set
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import Partition
from coinlake.ranks import Numbers
from coinlake.tables import DECIMAL, refined
from refine.coverage import AnsweredBuckets, answered_buckets
from refine.partitions import TablePartition, next_month, previous_month
from refine.tables.grouping import (
    DAY,
    MARKET,
    MICROSECOND,
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
from refine.tables.observations import DECIMALS, QUOTES, SCHEMA, closes, preference, prices

TABLE: Final = "latest"
_HOUR: Final = timedelta(hours=1) // MICROSECOND
_HOURS: Final = DAY // _HOUR
_TOLERANCE: Final = 3  # hours: a quiet market has no trade in some
_FAR: Final = 1 << 31  # hours, more than there are
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
    """Change and volumes of what candles made: from the hours given; where these do not say, as before.

    An observation's 24 hours only ever get better known, so what was known before is not worse.
    """
    computed = _day(rows, hours)
    where = positions(rows, own, (*MARKET, "observed_at", "made_from"))
    is_quote = pc.equal(rows["made_from"], QUOTES)
    for name in _OF_THE_DAY:
        known = pc.coalesce(computed[name], own[name].take(where))
        values = pc.if_else(is_quote, rows[name], known)
        rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    return rows


def _day(rows: pa.Table, hours: pa.Table) -> dict[str, pa.Array]:
    """For each row the change over the 24 hours up to the last full one, and the volumes in them.

    The price then is the close of the hour that ended there. Where that is known to be idle, that of one of
    the two before it counts, if what is in between is idle too. Volumes need all 24 hours, idle ones without
    any.
    """
    where = positions(hours, rows, MARKET)
    hours, row = hours.filter(where.is_valid()).combine_chunks(), where.drop_null().to_numpy()
    hour, now = column(hours, "open_time") // _HOUR, column(rows, "observed_at") // _HOUR
    then = now - _HOURS
    known, first_place = _known_hours(hours, row, hour, now)

    can_be_then = (hour < then[row]) & (hour >= then[row] - _TOLERANCE)
    reference = np.flatnonzero(can_be_then)[last(row[can_be_then], hour[can_be_then])]
    of = row[reference]
    between = known.count(first_place[of] + hour[reference] + 1, first_place[of] + then[of])
    reference = reference[between == then[of] - hour[reference] - 1]
    price_then: Numbers = np.full(rows.num_rows, np.nan)
    price_then[row[reference]] = hours["close"].cast(pa.float64()).to_numpy()[reference]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = rounded((rows["price"].cast(pa.float64()).to_numpy() / price_then - 1) * 100, DECIMALS)

    within = (hour >= then[row]) & (hour < now[row])
    traded = np.bincount(row[within], minlength=rows.num_rows) > 0
    is_whole = pa.array(known.count(first_place + then, first_place + now) == _HOURS)
    volumes = {}
    for side, name in (("base", "volume"), ("quote", "quote_volume")):
        total = sums(row[within], hours[name].filter(pa.array(within)), rows.num_rows)
        total = pc.if_else(pa.array(traded), total, pa.scalar(Decimal(0), DECIMAL))
        volumes[f"volume_24h_{side}"] = pc.if_else(is_whole, total, pa.scalar(None, DECIMAL))
    return {"change_24h_percent": change, **volumes}


def _known_hours(
    hours: pa.Table, row: Numbers, hour: Numbers, now: Numbers
) -> tuple[AnsweredBuckets, Numbers]:
    """The hours that are there or known to be idle, each at its number plus that of the row's market."""
    earliest = min(hour.min(initial=_FAR), now.min(initial=_FAR)) - _HOURS - _TOLERANCE
    count = max(hour.max(initial=0), now.max(initial=0)) + 1 - earliest
    first_place = np.arange(len(now)) * count - earliest
    answered = answered_buckets(hours, row, _HOUR, earliest, count)
    there = first_place[row] + hour
    starts, ends = np.append(answered.starts, there), np.append(answered.ends, there + 1)
    return AnsweredBuckets.of(starts, ends), first_place
