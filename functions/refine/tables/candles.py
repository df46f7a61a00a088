"""Candles of longer intervals from shorter ones, where the source gave none of its own.

Pure: Arrow in, Arrow out. A bucket holds what its parts held: the first open, the last close, the
extremes, the sums; a sum is null where one part's is. What a source omits, a minute without trades,
is missing in ``parts`` too; ``coverage``, ``is_complete`` and ``has_gap`` say whether it is known to be idle
(decision 11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake import parquet
from coinlake.intervals import duration
from coinlake.keys import Partition
from coinlake.ranks import Numbers, ranks, repeats
from coinlake.tables import TIMESTAMP, refined
from refine.coverage import (
    DECIMALS,
    SPAN,
    AnsweredBuckets,
    answered_buckets,
    spans,
    with_own_coverage,
    with_spans,
)
from refine.merge import union
from refine.partitions import TablePartition
from refine.tables.grouping import sums, sums_fit

LONGER: Final = {"1m": ("5m", "15m", "30m", "1h"), "1h": ("4h", "6h", "1d")}
SHORTER: Final = {longer: shorter for shorter, longer_ones in LONGER.items() for longer in longer_ones}
_MICROSECOND: Final = timedelta(microseconds=1)
_ANY_NULL: Final = pc.ScalarAggregateOptions(skip_nulls=False)
_SUMS: Final = ("volume", "quote_volume", "trades")
_EXTREMES: Final = {"high": "max", "low": "min", "received_at": "max"}
_UNIT: Final = 10**DECIMALS


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

    Of one bucket the row stays that knows more of it (decision 12): the source's own, unless it is open and
    the shorter ones tell more. What was derived before is forgotten.
    """
    own = with_own_coverage(rows.filter(pc.is_null(rows["derived_from"])), longer_interval)
    return union(refined()["candles"], [own, derived(shorter, interval, longer_interval)])


def derived(shorter: pa.Table, interval: str, longer_interval: str) -> pa.Table:
    """Every bucket of ``longer_interval`` that has at least one part in ``shorter``."""
    schema = parquet.dictionaries(refined()["candles"])
    if not shorter.num_rows:
        return schema.empty_table()
    rows, parts = _Parts.of(with_own_coverage(shorter, interval), interval, longer_interval)
    first, last = rows.take(pa.array(parts.starts)), rows.take(pa.array(parts.ends - 1))
    columns = {name: last[name] for name in ("source", "base", "quote", "raw_symbol", "close", "raw_key")}
    columns |= _combined(rows, parts)
    # Closed is a bucket that is complete, and of which the last word was received once it was over.
    is_complete = parts.is_complete()
    received = columns["received_at"].cast(pa.int64()).to_numpy()
    columns |= {
        "open_time": pa.array(parts.bucket * parts.step).cast(TIMESTAMP),
        "open": first["open"],
        "is_closed": pa.array(is_complete & (received >= (parts.bucket + 1) * parts.step)),
        "derived_from": pa.repeat(pa.scalar(interval), len(parts.starts)),
        "parts": pa.array(parts.ends - parts.starts),
        "coverage": pa.array(parts.coverage()),
        "is_complete": pa.array(is_complete),
        "has_gap": pa.array(parts.has_gap()),
        **dict.fromkeys(SPAN, pa.nulls(len(parts.starts), TIMESTAMP)),
    }
    candles = pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)
    return with_spans(candles, *parts.spans(is_complete))


def _combined(rows: pa.Table, parts: "_Parts") -> dict[str, pa.ChunkedArray | pa.Array]:
    """The extremes and the sums of all rows of a ``group``, for each group, in their order."""
    fitting = [name for name in _SUMS if sums_fit(rows[name], parts.per_bucket)]
    groups = (
        rows.select(["group", *_EXTREMES, *fitting])
        .group_by("group", use_threads=False)
        .aggregate([*_EXTREMES.items(), *((name, "sum", _ANY_NULL) for name in fitting)])
    )
    combined = {name.rsplit("_", 1)[0]: groups[name] for name in groups.schema.names if name != "group"}
    others = [name for name in _SUMS if name not in fitting]
    return combined | {name: sums(parts.group, rows[name], len(parts.starts)) for name in others}


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of each longer bucket, by market and time: those of a bucket are ``starts`` to ``ends``.

    ``group`` is each part's bucket, numbered, ``bucket`` each bucket's number since the epoch and ``step``
    its length in microseconds. ``place`` and ``bucket_place`` are numbers of parts among ``answered``, of
    which a bucket has ``per_bucket``.
    """

    rows: pa.Table
    starts: Numbers
    ends: Numbers
    group: Numbers
    bucket: Numbers
    step: int
    per_bucket: int
    place: Numbers
    bucket_place: Numbers
    answered: AnsweredBuckets

    @classmethod
    def of(cls, shorter: pa.Table, interval: str, longer_interval: str) -> tuple[pa.Table, Self]:
        """The parts, and their rows in order, with their ``group``."""
        step, part = (duration(name) // _MICROSECOND for name in (longer_interval, interval))
        names = [ranks(shorter[name].combine_chunks()) for name in ("source", "quote", "base")]
        opened = ranks(shorter["open_time"].combine_chunks())
        is_sorted = _are_sorted([*reversed(names), opened])  # as a part with one source is
        order = np.arange(len(opened)) if is_sorted else np.lexsort([opened, *names])
        bucket, market = opened // step, np.cumsum(~repeats(order, names)) - 1
        starts = np.flatnonzero(~repeats(order, [bucket, *names]))
        ends = np.append(starts[1:], len(order))
        group = np.repeat(np.arange(len(starts)), ends - starts)
        rows = shorter if is_sorted else shorter.take(pa.array(order))
        rows = rows.append_column("group", pa.array(group))
        bucket = bucket[order][starts]
        per_bucket, earliest = step // part, bucket.min() * (step // part)
        count = (bucket.max() + 1) * per_bucket - earliest
        place = market * count + opened[order] // part - earliest
        bucket_place = market[starts] * count + bucket * per_bucket - earliest
        answered = answered_buckets(rows, market, part, earliest, count)
        return rows, cls(rows, starts, ends, group, bucket, step, per_bucket, place, bucket_place, answered)

    def is_complete(self) -> Numbers:
        """Whether each part of a bucket is complete, or known not to have traded."""
        idle = self._idle(self.bucket_place + self.per_bucket, self.ends)
        complete: Numbers = self._total(self._are_complete()) + idle == self.per_bucket
        return complete

    def coverage(self) -> Numbers:
        """The mean of the parts; in whole numbers, whose sum is the same in every order."""
        shares = pc.fill_null(self.rows["coverage"], 0.0).to_numpy()
        known = self._total(np.rint(shares * _UNIT).astype(np.int64))
        known += self._idle(self.bucket_place + self.per_bucket, self.ends) * _UNIT
        share: Numbers = known / (self.per_bucket * _UNIT)
        return share.round(DECIMALS)

    def has_gap(self) -> Numbers:
        """Whether anything before a bucket's last part is unknown, or has a gap itself."""
        last = self.ends - 1
        complete = self._are_complete()
        before = self._total(complete) - complete[last] + self._idle(self.place[last], last)
        gaps = pc.fill_null(self.rows["has_gap"], fill_value=True).to_numpy()
        has_gap: Numbers = (before < self.place[last] - self.bucket_place) | gaps[last]
        return has_gap

    def spans(self, is_complete: Numbers) -> tuple[Numbers, Numbers]:
        """What was answered around each bucket that is complete: there its parts' spans are one."""
        start, until = spans(self.rows)
        start, until = (
            np.minimum.reduceat(start, self.starts),
            np.maximum.reduceat(until, self.starts),
        )
        return np.where(is_complete, start, until), until

    def _are_complete(self) -> Numbers:
        complete: Numbers = pc.fill_null(self.rows["is_complete"], fill_value=False).to_numpy()
        return complete.astype(np.int64)

    def _idle(self, until: Numbers, ends: Numbers) -> Numbers:
        """How many parts of each bucket before the place ``until`` were answered for and are not there.

        ``ends`` is the first row that is not before it.
        """
        present = np.append(0, np.cumsum(self.answered.count(self.place, self.place + 1)))
        idle: Numbers = self.answered.count(self.bucket_place, until) - (present[ends] - present[self.starts])
        return idle

    def _total(self, values: Numbers) -> Numbers:
        total: Numbers = np.add.reduceat(values, self.starts)
        return total


def _are_sorted(keys: Sequence[Numbers]) -> bool:
    """Whether rows are in the order of their ``keys``, the first one first."""
    tied = np.ones(max(len(keys[0]) - 1, 0), np.bool_)
    for numbers in keys:
        if (tied & (numbers[1:] < numbers[:-1])).any():
            return False
        tied &= numbers[1:] == numbers[:-1]
    return True
