"""Candles of longer intervals from shorter ones, where the source gave none of its own.

Pure: Arrow in, Arrow out. A bucket holds what its parts held: the first open, the last close, the
extremes, the sums; a sum is null where one part's is. What a source omits, a minute without trades,
is missing in ``parts`` too.
"""

from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake import parquet
from coinlake.intervals import duration
from coinlake.keys import Partition
from coinlake.ranks import ranks, repeats
from coinlake.tables import TIMESTAMP, refined
from refine.merge import union
from refine.partitions import TablePartition

LONGER: Final = {"1m": ("5m", "15m", "30m", "1h"), "1h": ("4h", "6h", "1d")}
_MICROSECOND: Final = timedelta(microseconds=1)
_ANY_NULL: Final = pc.ScalarAggregateOptions(skip_nulls=False)
_SUMS: Final = ("volume", "quote_volume", "trades")


def longer(partition: TablePartition) -> list[TablePartition]:
    """The partitions that are put together from this one's candles; each lies in the same month."""
    if partition.table != "candles":
        return []
    return [
        TablePartition("candles", Partition.month(partition.values["month"], interval=interval))
        for interval in LONGER.get(partition.values["interval"], ())
    ]


def with_derived(rows: pa.Table, shorter: pa.Table, interval: str, longer_interval: str) -> pa.Table:
    """``rows`` of ``longer_interval`` candles, and those put together from the ``shorter``, of ``interval``.

    The source's own stay as they are; what was derived before is forgotten.
    """
    own = rows.filter(pc.is_null(rows["derived_from"]))
    return union(refined()["candles"], [own, derived(shorter, interval, longer_interval)])


def derived(shorter: pa.Table, interval: str, longer_interval: str) -> pa.Table:
    """Every bucket of ``longer_interval`` that has at least one part in ``shorter``."""
    step = duration(longer_interval) // _MICROSECOND
    market = [ranks(shorter[name].combine_chunks()) for name in ("source", "base", "quote")]
    opened = ranks(shorter["open_time"].combine_chunks())
    order = np.lexsort([opened, *market])
    bucket = opened // step
    starts = np.flatnonzero(~repeats(order, [bucket, *market]))
    counts = np.diff([*starts, len(order)])
    rows = shorter.take(pa.array(order)).append_column(
        "group", pa.array(np.repeat(np.arange(len(starts)), counts))
    )
    first, last = rows.take(pa.array(starts)), rows.take(pa.array(starts + counts - 1))
    columns = {name: last[name] for name in ("source", "base", "quote", "raw_symbol", "close", "raw_key")}
    columns |= _combined(rows)
    over = pc.greater_equal(columns["received_at"].cast(pa.int64()), (bucket[order][starts] + 1) * step)
    columns |= {
        "open_time": pa.array(bucket[order][starts] * step).cast(TIMESTAMP),
        "open": first["open"],
        # Closed is a bucket whose parts are, the last of them received once it was over.
        "is_closed": pc.and_(columns["is_closed"], over),
        "derived_from": pa.repeat(pa.scalar(interval), len(starts)),
        "parts": pa.array(counts),
    }
    schema = parquet.dictionaries(refined()["candles"])
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def _combined(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    """What takes all rows of a ``group`` together, for each group, in their order."""
    groups = (
        rows.select(["group", *_SUMS, "high", "low", "received_at", "is_closed"])
        .group_by("group", use_threads=False)
        .aggregate(
            [
                *((name, "sum", _ANY_NULL) for name in _SUMS),
                ("high", "max"),
                ("low", "min"),
                ("received_at", "max"),
                ("is_closed", "all"),
            ]
        )
    )
    return {name.rsplit("_", 1)[0]: groups[name] for name in groups.schema.names if name != "group"}
