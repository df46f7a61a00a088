"""Many rows in batches to the slices of a table: sorted, each key once, one slice for each partition.

Texts are dictionaries throughout, so that a million rows name their raw object once, and NumPy
sorts: its radix sort of a dictionary's ranks is several times as fast as Arrow's of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from coinlake.keys import Partition, RawKey
from coinlake.ranks import Numbers, ranks, repeats
from coinlake.records import Rejection
from coinlake.tables import Table
from transform.model import TableSlice

_DAY: Final = np.timedelta64(1, "D") // np.timedelta64(1, "us")


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Where rows go: by the day, or ``monthly``, of a time, and perhaps first by the column ``level``.

    ``unique`` columns tell rows apart, by default those of the table's natural key. ``extra`` are
    columns among them that the table itself does not have.
    """

    time: str
    monthly: bool = False
    level: str | None = None
    unique: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def partition(self, level: str | None, first_day: date) -> Partition:
        """``dt=2026-11-20``, ``interval=1m/month=2026-11``."""
        outer = {} if self.level is None else {self.level: level}
        return Partition.month(first_day, **outer) if self.monthly else Partition.day(first_day, **outer)


@dataclass(slots=True)
class RowBatch:
    """Good rows, used up by ``slice_batches``; ``row_numbers`` are theirs in the raw object, ascending."""

    columns: dict[str, pa.Array]
    row_numbers: Numbers


def slice_batches(
    batches: Sequence[RowBatch], table: Table, layout: TableLayout, key: RawKey
) -> tuple[tuple[TableSlice, ...], dict[int, Rejection]]:
    """One slice for each partition, and the rows that repeat an earlier key."""
    if not batches:
        return (), {}
    unique = layout.unique or table.natural_key
    levels = (layout.level,) if layout.level else ()
    keys = {*table.sort, *unique, layout.time, *levels} & set(batches[0].columns)
    columns: dict[str, pa.Array] = {name: _take_column(batches, name) for name in keys}
    ranked = {name: ranks(column) for name, column in columns.items()}
    row_numbers = np.concatenate([batch.row_numbers for batch in batches])
    periods = _periods(ranked[layout.time], monthly=layout.monthly)
    beyond = [name for name in unique if name not in table.sort]
    sorts = [ranked[name] for name in (*reversed(beyond), *reversed(table.sort)) if name in ranked]
    order = np.lexsort([*sorts, periods, *(ranked[name] for name in levels)])
    later = repeats(order, [ranked[name] for name in unique if name in ranked])
    time = unique[-1]
    values = columns[time].take(pa.array(order[later])).to_pylist()
    repeated = {
        number: Rejection.of("duplicate_row", number, time, value)
        for number, value in zip(row_numbers[order[later]].tolist(), values, strict=True)
    }
    order = order[~later]
    level_columns = [columns[name] for name in levels]
    rows = _ordered_rows(batches, columns, table, pa.array(order), key)
    level_values = [column.take(pa.array(order)) for column in level_columns]
    return tuple(_cut(rows, periods[order], level_values, table.name, layout)), repeated


def _take_column(batches: Sequence[RowBatch], name: str) -> pa.Array:
    """One column of all batches, taken out of them so that its memory is free for the next."""
    pa.default_memory_pool().release_unused()  # else what was freed so far stays with the process
    chunks = pa.chunked_array([batch.columns.pop(name) for batch in batches])
    if pa.types.is_dictionary(chunks.type):
        chunks = chunks.unify_dictionaries()
    return chunks.combine_chunks()


def _ordered_rows(
    batches: Sequence[RowBatch], columns: dict[str, pa.Array], table: Table, order: pa.Array, key: RawKey
) -> pa.Table:
    constants = {"source": key.source, "raw_key": str(key)}
    zeros = pa.array(np.zeros(len(order), np.int32))
    arrays = [
        pa.DictionaryArray.from_arrays(zeros, [constants[name]])
        if name in constants
        else (columns.pop(name) if name in columns else _take_column(batches, name)).take(order)
        for name in table.schema.names
    ]
    fields = [field.with_type(array.type) for field, array in zip(table.schema, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _periods(micros: Numbers, *, monthly: bool) -> Numbers:
    """Days or months since 1970, of times in microseconds."""
    days: Numbers = micros // _DAY
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) if monthly else days


def _cut(
    rows: pa.Table,
    periods: Numbers,
    levels: Sequence[pa.DictionaryArray],
    table: str,
    layout: TableLayout,
) -> list[TableSlice]:
    """Rows that are in the order of their partitions, one slice for each."""
    changes = np.diff(periods) != 0
    for level in levels:
        changes |= np.diff(level.indices.to_numpy()) != 0
    starts = [0, *(np.flatnonzero(changes) + 1).tolist()]
    unit = "datetime64[M]" if layout.monthly else "datetime64[D]"
    days = periods[starts].astype(unit).astype("datetime64[D]").tolist()
    names = [level.take(pa.array(starts)).to_pylist() for level in levels] or [[None] * len(starts)]
    return [
        TableSlice(table, layout.partition(name, day), rows.slice(start, end - start))
        for name, day, start, end in zip(names[0], days, starts, [*starts[1:], len(periods)], strict=True)
    ]
