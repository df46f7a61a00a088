"""The union of a part and new files, each natural key once. Arrow and NumPy alone, no I/O.

Of rows with one natural key that row wins which is a candle of the source's own, then closed, then of
the highest revision, then received last, then of the greatest raw key. That is a total order of rows
of different raw objects, so a union is the same in whatever order and however often it is made.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.errors import BadKey
from coinlake.keys import RawKey
from coinlake.ranks import Numbers, ranks, repeats
from coinlake.tables import Table


def merge(table: Table, current: pa.Table, files: Sequence[pa.Table]) -> pa.Table:
    """The part's rows, in its order, once ``files`` are in it; all as ``coinlake.parquet`` decodes them.

    A file brings all rows of its raw object, so those that the part has of it go: transform may have
    written it anew, under other code.
    """
    brought = pa.array({key for file in files for key in _array(file, "raw_key").dictionary.to_pylist()})
    raw_keys = _array(current, "raw_key")
    replaced = pc.is_in(raw_keys.dictionary, value_set=brought.cast(pa.string())).take(raw_keys.indices)
    kept = current.filter(pc.invert(replaced))
    return union(table, [kept, *files])


def union(table: Table, tables: Sequence[pa.Table]) -> pa.Table:
    """All rows of ``tables``, of each natural key the row that wins, sorted as ``table`` says."""
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    keys = [ranks(_array(rows, name)) for name in table.natural_key if name in rows.schema.names]
    order = np.lexsort([*reversed(list(_merits(rows))), *reversed(keys)])
    again = repeats(order, keys)
    last = order[~np.concatenate([again[1:], np.zeros(min(len(order), 1), np.bool_)])]
    return rows.take(pa.array(last[np.lexsort([numbers[last] for numbers in _places(table, rows)][::-1])]))


def _merits(rows: pa.Table) -> Iterator[Numbers]:
    """What decides between rows with one natural key, the most important first."""
    if "derived_from" in rows.schema.names:
        yield pc.is_null(_array(rows, "derived_from")).to_numpy(zero_copy_only=False)
    if "is_closed" in rows.schema.names:
        yield ranks(_array(rows, "is_closed"))
    raw_keys = _array(rows, "raw_key")
    revisions = np.array([_revision(key) for key in raw_keys.dictionary.to_pylist()], np.int32)
    yield revisions[raw_keys.indices.to_numpy()]
    yield ranks(_array(rows, "received_at"))
    yield ranks(raw_keys)


def _revision(raw_key: str) -> int:
    try:
        return RawKey.parse(raw_key).slot.revision
    except BadKey:
        return 0


def _array(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def in_order(table: Table, rows: pa.Table) -> pa.Table:
    """Rows of ``table``'s columns in its order; their natural keys differ."""
    rows = rows.select(table.schema.names).cast(table.schema).combine_chunks()
    return rows.take(pa.array(np.lexsort(_places(table, rows)[::-1])))


def _places(table: Table, rows: pa.Table) -> list[Numbers]:
    """What ``rows`` are sorted by, the most important first."""
    names = dict.fromkeys([*table.sort, *table.natural_key])
    return [ranks(_array(rows, name)) for name in names if name in rows.schema.names]
