"""The union of a partition and new files, each natural key once. Arrow and NumPy alone, no I/O.

``precedence`` says which row wins.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers, ranks, repeats
from coinlake.tables import Table
from refine.coverage import SPAN, spans, with_spans
from refine.precedence import OWN, PRECEDENCE


def merge(table: Table, current: pa.Table, files: Sequence[pa.Table]) -> pa.Table:
    """The partition's rows with those of ``files``, in its table's order; all as ``decode`` gives them.

    A file brings all rows of its raw object, so those that the partition has of it go: transform may have
    written it anew, under other code. What was answered around a bucket is known of all its rows together,
    whichever wins.
    """
    new_keys = pa.array({key for file in files for key in _array(file, "raw_key").dictionary.to_pylist()})
    raw_keys = _array(current, "raw_key")
    replaced = pc.is_in(raw_keys.dictionary, value_set=new_keys.cast(pa.string())).take(raw_keys.indices)
    if SPAN[0] in table.schema.names:
        return _with_whole_spans(table, current, replaced, files)
    return union(table, [current.filter(pc.invert(replaced)), *files])


def union(table: Table, tables: Sequence[pa.Table]) -> pa.Table:
    """All rows of ``tables``, of each natural key the row that wins, sorted as ``table`` says."""
    rows = _together(tables)
    order, is_repeat = _ranked(table, rows)
    winners = order[~np.append(is_repeat[1:], np.zeros(min(len(order), 1), np.bool_))]
    return _taken(table, rows, winners)


def _with_whole_spans(
    table: Table, current: pa.Table, replaced: pa.Array, files: Sequence[pa.Table]
) -> pa.Table:
    """``merge`` of a table whose rows say what was answered around them.

    Rows that are replaced lose to any other, and win nothing by themselves; but their spans count, which hold
    those of rows that lost to them before. All spans of one key hold its bucket, so they are one span.
    """
    rows = _together([current, *files])
    is_replaced = np.zeros(rows.num_rows, np.bool_)
    is_replaced[: current.num_rows] = replaced.to_numpy(zero_copy_only=False)
    order, is_repeat = _ranked(table, rows, ~is_replaced)
    if not len(order):
        return rows
    starts = np.flatnonzero(~is_repeat)
    winners = order[np.append(starts[1:], len(order)) - 1]
    start, until = (values[order] for values in spans(rows))
    start, until = np.minimum.reduceat(start, starts), np.maximum.reduceat(until, starts)
    kept = ~is_replaced[winners]
    winners, start, until = winners[kept], start[kept], until[kept]
    position = _positions(table, rows, winners)
    return with_spans(rows.take(pa.array(winners[position])), start[position], until[position])


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _ranked(table: Table, rows: pa.Table, *first: Numbers) -> tuple[Numbers, Numbers]:
    """The rows by natural key and precedence, the winner of each key last, and which repeat the key before.

    ``first`` is more important than all precedence.
    """
    keys = [ranks(_array(rows, name)) for name in table.natural_key if name in rows.schema.names]
    order = np.lexsort([*reversed([*first, *_precedence(rows)]), *reversed(keys)])
    return order, repeats(order, keys)


def _precedence(rows: pa.Table) -> Iterator[Numbers]:
    """What decides between rows with one natural key, the most important first."""
    for name in PRECEDENCE:
        if name not in rows.schema.names:
            continue
        if name == OWN:
            yield pc.is_null(_array(rows, name)).to_numpy(zero_copy_only=False)
        elif name == "coverage":
            yield pc.fill_null(_array(rows, name), 0.0).to_numpy(zero_copy_only=False)
        else:
            yield ranks(_array(rows, name))


def _array(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def in_order(table: Table, rows: pa.Table) -> pa.Table:
    """Rows of ``table``'s columns in its order; their natural keys differ."""
    rows = rows.select(table.schema.names).cast(table.schema).combine_chunks()
    return rows.take(pa.array(np.lexsort(_sort_columns(table, rows)[::-1])))


def _taken(table: Table, rows: pa.Table, winners: Numbers) -> pa.Table:
    return rows.take(pa.array(winners[_positions(table, rows, winners)]))


def _positions(table: Table, rows: pa.Table, winners: Numbers) -> Numbers:
    """The ``winners`` in the table's order."""
    by = [numbers[winners] for numbers in _sort_columns(table, rows)]
    order: Numbers = np.lexsort(by[::-1])
    return order


def _sort_columns(table: Table, rows: pa.Table) -> list[Numbers]:
    """What ``rows`` are sorted by, the most important first."""
    names = dict.fromkeys([*table.sort, *table.natural_key])
    return [ranks(_array(rows, name)) for name in names if name in rows.schema.names]
