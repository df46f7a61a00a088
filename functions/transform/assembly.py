"""Checked columns to the rows of a table: faulty and repeated rows out, the rest in the table's order."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP, Table, tables
from transform.columns import Sheet
from transform.parsed import Answer, Parsed, Part

_POSITION = "position"


def constant(value: object, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """A column that says the same in each row."""
    return pa.repeat(pa.scalar(value, kind or pa.string()), count)


def origin(answer: Answer, count: int) -> dict[str, pa.Array]:
    """The columns that every table has: whose rows they are, when they came, and in what."""
    return {
        "source": constant(answer.source, count),
        "received_at": constant(answer.received_at, count, TIMESTAMP),
        "raw_key": constant(str(answer.key), count),
    }


def symbols(answer: Answer, ids: pa.Array) -> pa.Array:
    """The canonical symbols of a column of the source's ids."""
    return pa.array([name and answer.symbol(name) for name in ids.to_pylist()], pa.string())


def by_slot(
    answer: Answer, sheet: Sheet, table: str, columns: Mapping[str, pa.Array], notes: Sequence[str]
) -> Parsed:
    """An answer whose rows belong together: one part, on the day that the slot was due."""
    rows = trusted_rows(sheet, tables()[table], columns)
    return parsed(answer, sheet, [Part(table, f"dt={answer.key.slot.dt}", rows)], notes)


def by_day(
    answer: Answer,
    sheet: Sheet,
    table: str,
    columns: Mapping[str, pa.Array],
    time: str,
    *,
    notes: Sequence[str] = (),
) -> Parsed:
    """An answer about moments: one part for each day of the column ``time``."""
    rows = trusted_rows(sheet, tables()[table], columns)
    days = pc.floor_temporal(rows[time].cast(pa.timestamp("us")), unit="day").cast(pa.date32())
    parts = [
        Part(table, f"dt={day}", rows.filter(pc.equal(days, day)))
        for day in sorted(days.unique().to_pylist())
    ]
    return parsed(answer, sheet, parts, notes)


def by_month(
    answer: Answer,
    sheet: Sheet,
    table: str,
    columns: Mapping[str, pa.Array],
    time: str,
    *,
    folder: str = "",
    notes: Sequence[str] = (),
) -> Parsed:
    """An answer about a stretch of time: one part for each month of the column ``time``."""
    rows = trusted_rows(sheet, tables()[table], columns)
    parts = [Part(table, f"{folder}month={month}", part) for month, part in _months(rows, time)]
    return parsed(answer, sheet, parts, notes)


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


def _months(rows: pa.Table, time: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each month, UTC. Naive times: Arrow then needs no time zone database."""
    naive = rows[time].cast(pa.timestamp("us"))
    months = pc.add(pc.multiply(pc.year(naive), 100), pc.month(naive))
    for month in sorted(months.unique().to_pylist()):
        year, number = divmod(month, 100)
        yield f"{year:04d}-{number:02d}", rows.filter(pc.equal(months, month))
