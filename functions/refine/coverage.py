"""What is known of a market's time: which candles are there, and where a missing one means "no trade".

Pure. Decision 11 says why this is enough: a derived bucket is complete when each of its parts is, or is known
to be idle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import duration
from coinlake.keys import TrustedKey
from coinlake.ranks import Numbers
from coinlake.sources import catalog
from coinlake.tables import TIMESTAMP
from coinlake.windows import slot_bounds

SPAN: Final = ("answered_from", "answered_until")
DECIMALS: Final = 10  # of shares: equal bytes on every processor
_LATE: Final = timedelta(minutes=1)  # a bucket that closed so shortly before the answer may still come
_MICROSECOND: Final = timedelta(microseconds=1)
_NEVER: Final = np.iinfo(np.int64).max


def with_own_coverage(rows: pa.Table, interval: str) -> pa.Table:
    """``rows`` of ``interval`` candles, those of the source's own with ``coverage`` and what goes with it.

    Rows that have it stay as they are, so rows of files and of older parts are brought to one shape.
    """
    unknown = pc.and_(pc.is_null(rows["is_complete"]), pc.is_null(rows["derived_from"]))
    if not pc.any(unknown).as_py():
        return rows
    passed = _microseconds(rows, "received_at") - _microseconds(rows, "open_time")
    shares = np.clip(passed / (duration(interval) // _MICROSECOND), 0, 1)
    closed = rows["is_closed"]
    values = {
        "coverage": pc.if_else(closed, 1.0, pa.array(np.round(shares, DECIMALS))),
        "is_complete": closed,
        "has_gap": pa.scalar(value=False),
    }
    for name, value in values.items():
        rows = _replaced(rows, name, pc.if_else(unknown, value, rows[name]))
    return rows


def with_answered_span(
    rows: pa.Table, key: TrustedKey, interval: str, has_rejections: Callable[[], bool]
) -> pa.Table:
    """The rows of one trusted file of candles, with the time that its answer speaks of.

    Only where the source omits idle buckets and the file is the answer to a window. An answer with rejected
    rows, which is looked up only if a bucket is missing, says nothing about what it lacks.
    """
    source, bounds = catalog().get(key.source), slot_bounds(key.slot)
    if source is None or not source.omits_idle_buckets or bounds is None or not rows.num_rows:
        return rows
    step = duration(interval)
    if rows.num_rows < (bounds[1] - bounds[0]) // step and has_rejections():
        return rows
    settles = source.datasets[key.dataset].settles if key.dataset in source.datasets else timedelta()
    start, end = pa.array(bounds, TIMESTAMP).cast(pa.int64()).to_pylist()
    until = np.minimum(end, _microseconds(rows, "received_at") - (settles + _LATE) // _MICROSECOND)
    opened = _microseconds(rows, "open_time")
    is_within = (start <= opened) & (opened <= until)
    # Its own bucket is known anyway, so what is known around it is in one piece.
    until = np.maximum(until, np.where(_closed(rows), opened + step // _MICROSECOND, opened))
    return with_spans(rows, np.where(is_within, start, _NEVER), np.where(is_within, until, -_NEVER))


def spans(rows: pa.Table) -> tuple[Numbers, Numbers]:
    """Start and end of what was answered around each row, in microseconds; the start is after the end for
    a row that has none."""
    start, until = (rows[name].cast(pa.int64()) for name in SPAN)
    return (
        pc.fill_null(start, _NEVER).combine_chunks().to_numpy(zero_copy_only=False),
        pc.fill_null(until, -_NEVER).combine_chunks().to_numpy(zero_copy_only=False),
    )


def with_spans(rows: pa.Table, start: Numbers, until: Numbers) -> pa.Table:
    """``rows`` with these spans; null where a start is not before its end."""
    for name, values in zip(SPAN, (start, until), strict=True):
        rows = _replaced(rows, name, pa.array(values, pa.int64(), mask=start >= until).cast(TIMESTAMP))
    return rows


@dataclass(frozen=True, slots=True)
class AnsweredBuckets:
    """The buckets of some markets that were answered for, traded or not.

    A bucket is a whole number: those of one market follow each other, and no two markets share one.
    ``starts`` and ``ends`` are of the runs of answered buckets, in order; ``before`` counts them before each.
    """

    starts: Numbers
    ends: Numbers
    before: Numbers

    @classmethod
    def of(cls, starts: Numbers, ends: Numbers) -> Self:
        """From runs in any order, which may overlap and be empty."""
        order = np.flatnonzero(starts < ends)
        order = order[np.argsort(starts[order], kind="stable")]
        starts, reach = starts[order], np.maximum.accumulate(ends[order])
        first = np.ones(len(starts), np.bool_)
        first[1:] = starts[1:] > reach[:-1]
        ends = reach[np.append(np.flatnonzero(first)[1:] - 1, len(reach) - 1)] if len(reach) else reach
        starts = starts[first]
        return cls(starts, ends, np.concatenate([[0], np.cumsum(ends - starts)]))

    def count(self, start: Numbers, end: Numbers) -> Numbers:
        """How many buckets from each ``start`` to its ``end``, exclusive, were answered for."""
        if not len(self.starts):
            return np.zeros(len(start), np.int64)
        between: Numbers = self._until(end) - self._until(start)
        return between

    def _until(self, bucket: Numbers) -> Numbers:
        run = np.searchsorted(self.starts, bucket, "right")
        beyond = np.maximum(self.ends[np.maximum(run, 1) - 1] - bucket, 0)
        before: Numbers = self.before[run] - np.where(run > 0, beyond, 0)
        return before


def answered_buckets(rows: pa.Table, market: Numbers, step: int, first: int, count: int) -> AnsweredBuckets:
    """What the spans of ``rows`` hold of the ``count`` buckets of ``step`` microseconds from ``first`` on.

    Bucket ``n`` after ``first`` of market ``m`` is ``m * count + n``; half a bucket is none.
    """
    if all(rows[name].null_count == len(rows) for name in SPAN):
        return AnsweredBuckets.of(*[np.zeros(0, np.int64)] * 2)
    start, until = spans(rows)
    some = start < until
    place = market[some].astype(np.int64) * count
    starts = np.clip(-(-start[some] // step) - first, 0, count)
    ends = np.clip(until[some] // step - first, 0, count)
    return AnsweredBuckets.of(place + starts, place + ends)


def _microseconds(rows: pa.Table, name: str) -> Numbers:
    values: Numbers = rows[name].combine_chunks().cast(pa.int64()).to_numpy(zero_copy_only=False)
    return values


def _closed(rows: pa.Table) -> Numbers:
    closed: Numbers = rows["is_closed"].combine_chunks().to_numpy(zero_copy_only=False)
    return closed


def _replaced(rows: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, rows.schema.field(place), values)
