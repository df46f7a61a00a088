"""``market_days``: breadth, total market cap, dominance and mood of each day, out of ``asset_days``.

Only assets with a complete day count as risen or fallen, so the day that still runs has no breadth.
A day is counted by one source and currency alone, since the caps of two sources count a coin twice: by
those with the most market caps, then the most assets, then by name.
"""

from collections.abc import Callable, Mapping, Set
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import Partition
from coinlake.ranks import Numbers
from coinlake.tables import DECIMAL, refined
from refine.partitions import TablePartition
from refine.tables.grouping import (
    DAY,
    codes,
    column,
    concat,
    day_texts,
    first,
    last,
    positions,
    rows_of,
    sums,
    take,
    without,
)

TABLE: Final = "market_days"
_SENTIMENT: Final = TablePartition("sentiment", Partition.of({"index": "fear_and_greed"}))
_COUNTER_KEY: Final = ("dt", "source", "quote")
_DECIMALS: Final = 10  # shares: equal bytes on every processor


def partitions(
    changed: Set[TablePartition], existing: Callable[[str], list[Partition]]
) -> list[TablePartition]:
    """The years of the days that changed; all there are where the index did."""
    years = {Partition.of({"year": _year(source)}) for source in changed if source.table == "asset_days"}
    if _SENTIMENT in changed:
        years.update(existing(TABLE))
    return [TablePartition(TABLE, year) for year in sorted(years)]


def inputs(partition: TablePartition, changed: Set[TablePartition]) -> list[TablePartition]:
    year = partition.values["year"]
    months = sorted(source for source in changed if source.table == "asset_days" and _year(source) == year)
    return [partition, *months, _SENTIMENT]


def _year(partition: TablePartition) -> str:
    return partition.month[:4]


def derive(_partition: TablePartition, inputs_: Mapping[str, pa.Table]) -> pa.Table:
    """The days of the touched months anew, the others as they were, all with the index's newest values."""
    days = _days(rows_of(inputs_, "asset_days"))
    days = concat(days, without(rows_of(inputs_, TABLE), days, ("dt",)))
    mood = rows_of(inputs_, "sentiment")
    mood = mood.append_column("dt", day_texts(column(mood, "observed_at") // DAY))
    where = positions(days, mood, ("dt",))
    days = days.append_column("sentiment", mood["value"].take(where))
    days = days.append_column("classification", mood["classification"].take(where))
    schema = refined()[TABLE].schema
    return days.select(schema.names).cast(schema)


def _days(assets: pa.Table) -> pa.Table:
    """One row for each day of ``assets``, of the source and currency that know it best."""
    assets = assets.combine_chunks()
    counter = codes(assets, _COUNTER_KEY)
    count = counter.max(initial=-1) + 1
    direction, known = _directions(assets)
    complete = pc.fill_null(assets["is_complete"], fill_value=False).to_numpy()
    known &= complete
    caps, has_cap = assets["market_cap"], assets["market_cap"].is_valid().to_numpy()
    total = _total(counter, caps, count)
    rows = take(assets, first(counter)).select(_COUNTER_KEY)
    for name, chosen in {
        "assets": known,
        "assets_up": known & (direction > 0),
        "assets_down": known & (direction < 0),
    }.items():
        rows = rows.append_column(name, pa.array(_count(counter, chosen, count), pa.int32()))
    breadth = _ratio(rows["assets_up"].to_numpy(), rows["assets"].to_numpy())
    rows = rows.append_column("breadth", breadth).append_column("total_market_cap", total)
    rows = rows.append_column(
        "coverage", _ratio(_count(counter, complete, count), np.bincount(counter, minlength=count))
    )
    for base in ("BTC", "ETH"):
        of_base = pc.if_else(pc.equal(assets["base"], base), caps, pa.scalar(None, DECIMAL))
        share = _ratio(_floats(_total(counter, of_base, count)), _floats(total))
        rows = rows.append_column(f"{base.lower()}_dominance", share)
    precedence = (
        _count(counter, has_cap, count),
        np.bincount(counter, minlength=count),
        -codes(rows, _COUNTER_KEY),
    )
    return take(rows, last(codes(rows, ("dt",)), *precedence))


def _directions(assets: pa.Table) -> tuple[Numbers, Numbers]:
    """Up, down or neither, and whether that is known: by the closes, else as the source says."""
    change = pc.coalesce(assets["simple_return"], assets["change_24h_percent"].cast(pa.float64()))
    return np.sign(pc.fill_null(change, 0.0).to_numpy()), change.is_valid().to_numpy()


def _count(group: Numbers, chosen: Numbers, count: int) -> Numbers:
    counts: Numbers = np.bincount(group[chosen], minlength=count)
    return counts


def _total(group: Numbers, values: pa.ChunkedArray, count: int) -> pa.Array:
    """Sums of the values that are known; null for a group without any."""
    known = values.is_valid()
    return sums(group[known.to_numpy()], values.filter(known), count)


def _floats(values: pa.Array) -> Numbers:
    floats: Numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return floats


def _ratio(part: Numbers, whole: Numbers) -> pa.Array:
    """Null where nothing is known of the whole, or it is nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.round(part / whole, _DECIMALS)
    return pa.array(ratio, mask=~np.isfinite(ratio))
