"""Checked columns to the rows of a table: faulty and repeated rows out, the rest in the table's order."""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import Partition
from coinlake.tables import TIMESTAMP, Table, tables
from transform.columns.validation import ColumnValidator
from transform.model import ParsedObject, RawDocument, TableSlice

_ROW: Final = "row"


def constant(value: object, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """A column with the same value in each row."""
    return pa.repeat(pa.scalar(value, kind or pa.string()), count)


def origin_columns(document: RawDocument, count: int) -> dict[str, pa.Array]:
    """The columns that every table has: whose rows they are, when they came, and in what."""
    return {
        "source": constant(document.source, count),
        "received_at": constant(document.received_at, count, TIMESTAMP),
        "raw_key": constant(str(document.key), count),
    }


def canonical_symbols(document: RawDocument, ids: pa.Array) -> pa.Array:
    """The canonical symbols of a column of the source's ids."""
    return pa.array([name and document.symbol(name) for name in ids.to_pylist()], pa.string())


def slice_by_slot(
    document: RawDocument,
    validator: ColumnValidator,
    table: str,
    columns: Mapping[str, pa.Array],
    notes: Sequence[str],
) -> ParsedObject:
    """A document whose rows belong together: one slice, on the day that the slot was due."""
    rows = trusted_rows(validator, tables()[table], columns)
    return _parsed(document, validator, [TableSlice(table, Partition.day(document.key.slot.dt), rows)], notes)


def slice_by_day(
    document: RawDocument,
    validator: ColumnValidator,
    table: str,
    columns: Mapping[str, pa.Array],
    time: str,
    *,
    notes: Sequence[str] = (),
) -> ParsedObject:
    """A document about moments: one slice for each day of the column ``time``."""
    rows = trusted_rows(validator, tables()[table], columns)
    days = pc.floor_temporal(rows[time].cast(pa.timestamp("us")), unit="day").cast(pa.date32())
    slices = [
        TableSlice(table, Partition.day(day), rows.filter(pc.equal(days, day)))
        for day in sorted(days.unique().to_pylist())
    ]
    return _parsed(document, validator, slices, notes)


def slice_by_month(
    document: RawDocument,
    validator: ColumnValidator,
    table: str,
    columns: Mapping[str, pa.Array],
    time: str,
    *,
    notes: Sequence[str] = (),
    **outer: str,
) -> ParsedObject:
    """A document about a span of time: one slice for each month of the column ``time``.

    ``outer`` are the partition's levels above the month, as ``interval="1h"``.
    """
    rows = trusted_rows(validator, tables()[table], columns)
    naive = rows[time].cast(pa.timestamp("us"))  # Arrow then needs no time zone database
    months = pc.floor_temporal(naive, unit="month").cast(pa.date32())
    slices = [
        TableSlice(table, Partition.month(month, **outer), rows.filter(pc.equal(months, month)))
        for month in sorted(months.unique().to_pylist())
    ]
    return _parsed(document, validator, slices, notes)


def trusted_rows(validator: ColumnValidator, table: Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """The rows without fault, sorted as ``table`` says; columns that are not given are null.

    Of rows with one natural key the first in the document stays, the others are ``duplicate_row``.
    The order depends on the values alone, so a document in another order gives the same rows.
    """
    count = len(validator.row_numbers)
    arrays = [columns.get(name) for name in table.schema.names]
    filled = [
        pa.nulls(count, kind) if array is None else array
        for array, kind in zip(arrays, table.schema.types, strict=True)
    ]
    rows = pa.Table.from_arrays(filled, schema=table.schema)
    if validator.rejections:
        good = [number not in validator.rejections for number in validator.row_numbers]
        positions = pc.indices_nonzero(pa.array(good, pa.bool_())).cast(pa.int64())
    else:
        positions = pa.array(range(count), pa.int64())
    rows = rows.take(positions).append_column(_ROW, positions)
    rows = rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in table.sort]))
    return _without_repeats(validator, table, rows).drop_columns(_ROW)


def _without_repeats(validator: ColumnValidator, table: Table, rows: pa.Table) -> pa.Table:
    """Drop rows that equal the one before in their natural key; a stable sort made them neighbours."""
    repeats = pa.chunked_array([pa.repeat(True, max(rows.num_rows - 1, 0))])
    for name in table.natural_key:
        if name in table.schema.names:
            column = rows[name]
            repeats = pc.and_(repeats, pc.equal(column[1:], column[:-1]))
    repeated = pa.chunked_array([pa.repeat(False, min(rows.num_rows, 1)), *repeats.chunks])
    time = table.natural_key[-1]
    later = rows.filter(repeated)
    for row, value in zip(later[_ROW].to_pylist(), later[time].to_pylist(), strict=True):
        validator.reject_row(row, "duplicate_row", time, value)
    return rows.filter(pc.invert(repeated)) if later.num_rows else rows


def _parsed(
    document: RawDocument,
    validator: ColumnValidator,
    slices: Sequence[TableSlice],
    notes: Sequence[str],
) -> ParsedObject:
    """A document's slices and rejections."""
    return ParsedObject(
        rows_in=len(document.rows),
        slices=tuple(part for part in slices if part.rows.num_rows),
        rejections=tuple(validator.rejections[number] for number in sorted(validator.rejections)),
        rounded=sum(number not in validator.rejections for number in validator.rounded),
        notes=(*notes, *validator.nulled_notes()),
    )
