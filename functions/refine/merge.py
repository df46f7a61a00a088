"""The union of a partition and new files, each natural key once. Arrow and NumPy alone, no I/O.

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
    """The partition's rows with those of ``files``, in its table's order; all as ``decode`` gives them.

    A file brings all rows of its raw object, so those that the partition has of it go: transform may have
    written it anew, under other code.
    """
    new_keys = pa.array({key for file in files for key in _array(file, "raw_key").dictionary.to_pylist()})
    raw_keys = _array(current, "raw_key")
    replaced = pc.is_in(raw_keys.dictionary, value_set=new_keys.cast(pa.string())).take(raw_keys.indices)
    kept = current.filter(pc.invert(replaced))
    return union(table, [kept, *files])


def union(table: Table, tables: Sequence[pa.Table]) -> pa.Table:
    """All rows of ``tables``, of each natural key the row that wins, sorted as ``table`` says."""
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    keys = [ranks(_array(rows, name)) for name in table.natural_key if name in rows.schema.names]
    order = np.lexsort([*reversed(list(_precedence(rows))), *reversed(keys)])
    is_repeat = repeats(order, keys)
    winners = order[~np.concatenate([is_repeat[1:], np.zeros(min(len(order), 1), np.bool_)])]
    by = [numbers[winners] for numbers in _sort_columns(table, rows)]
    return rows.take(pa.array(winners[np.lexsort(by[::-1])]))


def _precedence(rows: pa.Table) -> Iterator[Numbers]:
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
    return rows.take(pa.array(np.lexsort(_sort_columns(table, rows)[::-1])))


def _sort_columns(table: Table, rows: pa.Table) -> list[Numbers]:
    """What ``rows`` are sorted by, the most important first."""
    names = dict.fromkeys([*table.sort, *table.natural_key])
    return [ranks(_array(rows, name)) for name in names if name in rows.schema.names]
