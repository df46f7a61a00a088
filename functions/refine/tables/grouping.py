"""Rows by groups, and rows of one table looked up in another, on whole columns."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers, ranks, repeats
from coinlake.tables import refined

MARKET: Final = ("source", "base", "quote")
MICROSECOND: Final = timedelta(microseconds=1)
DAY: Final = timedelta(days=1) // MICROSECOND
_EPOCH: Final = date(1970, 1, 1)
_WIDE: Final = Context(prec=120)
_ANY_NULL: Final = pc.ScalarAggregateOptions(skip_nulls=False)


def rows_of(inputs: Mapping[str, pa.Table], table: str) -> pa.Table:
    """The rows of a table among the inputs; none, with its partitions' columns, where it is no input."""
    if table in inputs:
        return inputs[table].combine_chunks()
    refined_table = refined()[table]
    partition_columns = [pa.field(name, pa.string()) for name in refined_table.partitions]
    return pa.schema([*refined_table.schema, *partition_columns]).empty_table()


def column(rows: pa.Table, name: str) -> Numbers:
    """A column without nulls as NumPy sees it in order: times as microseconds, texts as ranks."""
    return ranks(rows[name].combine_chunks())


def codes(rows: pa.Table, keys: Sequence[str]) -> Numbers:
    """A whole number from 0 for each row, the same where all ``keys`` are, and in their order."""
    code: Numbers = np.zeros(rows.num_rows, np.int64)
    for key in keys:
        values = column(rows, key).astype(np.int64)
        values -= values.min(initial=0)
        code = np.unique(code * (values.max(initial=0) + 1) + values, return_inverse=True)[1]
    return code


def dense_ranks(values: pa.ChunkedArray) -> Numbers:
    """Each value's rank among all, equal values sharing one; exact for decimals."""
    ranks: Numbers = pc.rank(values.combine_chunks(), tiebreaker="dense").to_numpy()
    return ranks.astype(np.int64)


def last(group: Numbers, *order: Numbers) -> Numbers:
    """Of each group the row that comes last by ``order``, its first key the most important."""
    by: Numbers = np.lexsort([*reversed(order), group])
    rows: Numbers = by[~np.roll(repeats(by, [group]), -1)] if len(by) else by
    return rows


def first(group: Numbers, *order: Numbers) -> Numbers:
    """Of each group the row that comes first by ``order``."""
    by: Numbers = np.lexsort([*reversed(order), group])
    rows: Numbers = by[~repeats(by, [group])]
    return rows


def concat(*tables: pa.Table) -> pa.Table:
    """The rows of all, with the columns of the first, any of which may be null."""
    schema = pa.schema([field.with_nullable(True) for field in tables[0].schema])
    rows = [table.select(schema.names).cast(schema) for table in tables]
    return pa.concat_tables(rows).combine_chunks()


def take(rows: pa.Table, positions: Numbers) -> pa.Table:
    return rows.take(pa.array(positions, pa.int64()))


def positions(rows: pa.Table, among: pa.Table, keys: Sequence[str]) -> pa.Array:
    """For each of ``rows``, where ``among`` has the row with the same ``keys``; null for nowhere."""
    code = codes(concat(rows.select(keys), among), keys)
    where = np.full(code.max(initial=-1) + 1, -1)
    where[code[rows.num_rows :]] = np.arange(among.num_rows)
    positions = where[code[: rows.num_rows]]
    return pa.array(positions, pa.int64(), mask=positions < 0)


def without(rows: pa.Table, among: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows of which ``among`` has none with the same ``keys``."""
    return rows.filter(positions(rows, among, keys).is_null())


def sums(group: Numbers, values: pa.ChunkedArray, count: int) -> pa.Array:
    """Exact sums for groups 0 to ``count``; null for a group without a value, or with a null.

    Null as well where the sum has no place in the type: Arrow's own sums wrap silently.
    """
    if len(group) and not sums_fit(values, int(np.bincount(group).max())):
        return _wide_sums(group, values, count)
    rows = pa.table({"group": group, "value": values})
    groups = rows.group_by("group", use_threads=False).aggregate([("value", "sum", _ANY_NULL)])
    where = np.full(count, -1)
    where[groups["group"].to_numpy()] = np.arange(groups.num_rows)
    return groups["value_sum"].combine_chunks().take(pa.array(where, pa.int64(), mask=where < 0))


def sums_fit(values: pa.ChunkedArray, count: int) -> bool:
    """Whether the sum of any ``count`` of the values has a place in their type for certain."""
    if values.null_count == len(values):
        return True
    most = max(abs(_unscaled(bound)) for bound in pc.min_max(values).values())
    return most * count < _limit(values.type)


def _limit(kind: pa.DataType) -> int:
    """What no unscaled value of the type reaches."""
    return int(10**kind.precision) if pa.types.is_decimal(kind) else 1 << 63


def _wide_sums(group: Numbers, values: pa.ChunkedArray, count: int) -> pa.Array:
    """``sums`` where some may be too large: in Python's own numbers, for it hardly ever happens."""
    kind, totals = values.type, list[Any]([None] * count)
    known = np.bincount(group, minlength=count) > 0
    exact: dict[int, int | None] = dict.fromkeys(np.flatnonzero(known).tolist(), 0)
    for number, value in zip(group.tolist(), values, strict=True):
        so_far = exact[number]
        exact[number] = None if so_far is None or not value.is_valid else so_far + _unscaled(value)
    scale = kind.scale if pa.types.is_decimal(kind) else 0
    for number, total in exact.items():
        if total is not None and abs(total) < _limit(kind):
            totals[number] = _WIDE.scaleb(Decimal(total), -scale) if scale else total
    return pa.array(totals, kind)


def _unscaled(value: pa.Scalar) -> int:
    """A whole number: of a decimal all digits that its type has."""
    if not pa.types.is_decimal(value.type):
        whole: int = value.as_py()
        return whole
    return int(_WIDE.scaleb(value.as_py(), value.type.scale))


def rounded(values: pa.ChunkedArray | Numbers, decimals: int) -> pa.Array:
    """float64 to so many decimals; null for no finite number. (Arrow makes -0.9700000000000001 of -0.97.)"""
    floats = values if isinstance(values, np.ndarray) else values.to_numpy().astype(np.float64)
    return pa.array(np.round(floats, decimals), mask=~np.isfinite(floats))


def days(rows: pa.Table, name: str = "dt") -> Numbers:
    """A column of days, texts such as 2026-11-21, as days since 1970."""
    words = rows[name].combine_chunks().dictionary_encode()
    numbers = np.array([(date.fromisoformat(day) - _EPOCH).days for day in words.dictionary.to_pylist()])
    known: Numbers = numbers.astype(np.int64)[words.indices.to_numpy()]
    return known


def day_texts(numbers: Numbers) -> pa.Array:
    """Days since 1970 as texts such as 2026-11-21."""
    return pa.array(np.datetime_as_string(numbers.astype("datetime64[D]")).astype(object), pa.string())


def day_number(day: date) -> int:
    return (day - _EPOCH).days
