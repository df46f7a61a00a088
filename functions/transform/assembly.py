"""Checked columns to the rows of a table: faulty and repeated rows out, the rest in the table's order."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import Table
from transform.columns import Sheet
from transform.parsed import Answer, Parsed, Part

_POSITION = "position"


def constant(value: object, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """A column that says the same in each row."""
    return pa.repeat(pa.scalar(value, kind or pa.string()), count)


def trusted_rows(sheet: Sheet, table: Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """The rows without fault, sorted as ``table`` says; columns that are not given are null.

    Of rows with one natural key the first in the answer stays, the others are ``duplicate_row``.
    The order depends on the values alone, so an answer in another order gives the same rows.
    """
    count = len(sheet.numbers)
    arrays = [columns.get(name) for name in table.schema.names]
    filled = [
        pa.nulls(count, kind) if array is None else array
        for array, kind in zip(arrays, table.schema.types, strict=True)
    ]
    rows = pa.Table.from_arrays(filled, schema=table.schema)
    if sheet.faults:
        good = [number not in sheet.faults for number in sheet.numbers]
        positions = pc.indices_nonzero(pa.array(good, pa.bool_())).cast(pa.int64())
    else:
        positions = pa.array(range(count), pa.int64())
    rows = rows.take(positions).append_column(_POSITION, positions)
    rows = rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in table.sort]))
    return _without_repeats(sheet, table, rows).drop_columns(_POSITION)


def parsed(answer: Answer, sheet: Sheet, parts: Sequence[Part], notes: Sequence[str]) -> Parsed:
    """Everything that became of an answer's rows."""
    return Parsed(
        rows_in=len(answer.rows),
        parts=tuple(part for part in parts if part.rows.num_rows),
        rejections=tuple(sheet.faults[number] for number in sorted(sheet.faults)),
        rounded=sum(number not in sheet.faults for number in sheet.rounded),
        notes=tuple(notes),
    )


def _without_repeats(sheet: Sheet, table: Table, rows: pa.Table) -> pa.Table:
    """Drop rows that equal the one before in their natural key; a stable sort made them neighbours."""
    repeats = pa.chunked_array([pa.repeat(True, max(rows.num_rows - 1, 0))])
    for name in table.natural_key:
        if name in table.schema.names:
            column = rows[name]
            repeats = pc.and_(repeats, pc.equal(column[1:], column[:-1]))
    repeated = pa.chunked_array([pa.repeat(False, min(rows.num_rows, 1)), *repeats.chunks])
    time = table.natural_key[-1]
    later = rows.filter(repeated)
    for row, value in zip(later[_POSITION].to_pylist(), later[time].to_pylist(), strict=True):
        sheet.fault(row, "duplicate_row", time, value)
    return rows.filter(pc.invert(repeated)) if later.num_rows else rows
