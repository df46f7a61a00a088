"""Many rows in batches to the parts of a table: sorted, each natural key once, one part for each day.

Texts are dictionaries throughout, so that a million rows name their raw object once, and NumPy
sorts: its radix sort of a dictionary's ranks is several times as fast as Arrow's of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from coinlake.keys import RawKey
from coinlake.ranks import Numbers, ranks, repeats
from coinlake.records import Rejection
from coinlake.tables import Table
from transform.parsed import Part

_DAY: Final = np.timedelta64(1, "D") // np.timedelta64(1, "us")


@dataclass(slots=True)
class Batch:
    """Good rows, used up by ``parts``; ``numbers`` are theirs in the raw object, ascending."""

    columns: dict[str, pa.Array]
    numbers: Numbers


def parts(
    batches: Sequence[Batch], table: Table, day: str, key: RawKey
) -> tuple[tuple[Part, ...], dict[int, Rejection]]:
    """One part for each day of the column ``day``, and the rows that repeat an earlier natural key."""
    if not batches:
        return (), {}
    keys = {*table.sort, *table.natural_key, day} & set(batches[0].columns)
    columns: dict[str, pa.Array] = {name: _whole(batches, name) for name in keys}
    places = {name: ranks(column) for name, column in columns.items()}
    numbers = np.concatenate([batch.numbers for batch in batches])
    days = places[day] // _DAY
    order = np.lexsort([*(places[name] for name in reversed(table.sort)), days])
    later = repeats(order, [places[name] for name in table.natural_key if name in places])
    time = table.natural_key[-1]
    values = columns[time].take(pa.array(order[later])).to_pylist()
    repeated = {
        number: Rejection.of("duplicate_row", number, time, value)
        for number, value in zip(numbers[order[later]].tolist(), values, strict=True)
    }
    order = order[~later]
    rows = _rows(batches, columns, table, pa.array(order), key)
    return tuple(_by_day(rows, days[order], table.name)), repeated


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


def _by_day(rows: pa.Table, days: Numbers, table: str) -> list[Part]:
    """Rows that are in the order of their days, one part for each."""
    starts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist()]
    dates = days[starts].astype("datetime64[D]").tolist()
    return [
        Part(table, f"dt={date}", rows.slice(start, end - start))
        for date, start, end in zip(dates, starts, [*starts[1:], len(days)], strict=True)
    ]
