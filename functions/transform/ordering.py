"""Many rows in batches to the parts of a table: sorted, each key once, one part for each day or month.

Texts are dictionaries throughout, so that a million rows name their raw object once, and NumPy
sorts: its radix sort of a dictionary's ranks is several times as fast as Arrow's of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coinlake.keys import RawKey
from coinlake.ranks import Numbers, ranks, repeats
from coinlake.records import Rejection
from coinlake.tables import Table
from transform.parsed import Part

_DAY: Final = np.timedelta64(1, "D") // np.timedelta64(1, "us")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where rows go: by the day, or ``monthly``, of a time, and perhaps first by a column ``folder``.

    ``unique`` columns tell rows apart, by default those of the table's natural key. ``beside`` are
    columns among them that the table itself does not have.
    """

    time: str
    monthly: bool = False
    folder: str | None = None
    unique: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def partition(self, folder: str | None, unit: Any) -> str:
        """``dt=2026-11-20``, ``interval=1m/month=2026-11``."""
        period = f"month={unit:%Y-%m}" if self.monthly else f"dt={unit}"
        return period if folder is None else f"{self.folder}={folder}/{period}"


@dataclass(slots=True)
class Batch:
    """Good rows, used up by ``parts``; ``numbers`` are theirs in the raw object, ascending."""

    columns: dict[str, pa.Array]
    numbers: Numbers


def parts(
    batches: Sequence[Batch], table: Table, layout: Layout, key: RawKey
) -> tuple[tuple[Part, ...], dict[int, Rejection]]:
    """One part for each partition, and the rows that repeat an earlier key."""
    if not batches:
        return (), {}
    unique = layout.unique or table.natural_key
    folders = (layout.folder,) if layout.folder else ()
    keys = {*table.sort, *unique, layout.time, *folders} & set(batches[0].columns)
    columns: dict[str, pa.Array] = {name: _whole(batches, name) for name in keys}
    places = {name: ranks(column) for name, column in columns.items()}
    numbers = np.concatenate([batch.numbers for batch in batches])
    units = _units(places[layout.time], monthly=layout.monthly)
    beyond = [name for name in unique if name not in table.sort]
    sorts = [places[name] for name in (*reversed(beyond), *reversed(table.sort)) if name in places]
    order = np.lexsort([*sorts, units, *(places[name] for name in folders)])
    later = repeats(order, [places[name] for name in unique if name in places])
    time = unique[-1]
    values = columns[time].take(pa.array(order[later])).to_pylist()
    repeated = {
        number: Rejection.of("duplicate_row", number, time, value)
        for number, value in zip(numbers[order[later]].tolist(), values, strict=True)
    }
    order = order[~later]
    folded = {name: columns[name] for name in folders}
    rows = _rows(batches, columns, table, pa.array(order), key)
    names = [folded[name].take(pa.array(order)) for name in folders]
    return tuple(_cut(rows, units[order], names, table.name, layout)), repeated


def _whole(batches: Sequence[Batch], name: str) -> pa.Array:
    """One column of all batches, taken out of them so that its memory is free for the next."""
    pa.default_memory_pool().release_unused()  # else what was freed so far stays with the process
    chunks = pa.chunked_array([batch.columns.pop(name) for batch in batches])
    if pa.types.is_dictionary(chunks.type):
        chunks = chunks.unify_dictionaries()
    return chunks.combine_chunks()


def _rows(
    batches: Sequence[Batch], columns: dict[str, pa.Array], table: Table, order: pa.Array, key: RawKey
) -> pa.Table:
    said = {"source": key.source, "raw_key": str(key)}
    nowhere = pa.array(np.zeros(len(order), np.int32))
    arrays = [
        pa.DictionaryArray.from_arrays(nowhere, [said[name]])
        if name in said
        else (columns.pop(name) if name in columns else _whole(batches, name)).take(order)
        for name in table.schema.names
    ]
    fields = [field.with_type(array.type) for field, array in zip(table.schema, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _units(micros: Numbers, *, monthly: bool) -> Numbers:
    """Days or months since 1970, of times in microseconds."""
    days: Numbers = micros // _DAY
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) if monthly else days


def _cut(
    rows: pa.Table, units: Numbers, folders: Sequence[pa.DictionaryArray], table: str, layout: Layout
) -> list[Part]:
    """Rows that are in the order of their partitions, one part for each."""
    changes = np.diff(units) != 0
    for folder in folders:
        changes |= np.diff(folder.indices.to_numpy()) != 0
    starts = [0, *(np.flatnonzero(changes) + 1).tolist()]
    kind = "datetime64[M]" if layout.monthly else "datetime64[D]"
    dates = units[starts].astype(kind).astype("datetime64[D]").tolist()
    names = [folder.take(pa.array(starts)).to_pylist() for folder in folders] or [[None] * len(starts)]
    return [
        Part(table, layout.partition(name, date), rows.slice(start, end - start))
        for name, date, start, end in zip(names[0], dates, starts, [*starts[1:], len(units)], strict=True)
    ]
