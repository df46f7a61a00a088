"""One part merged from its files, in bounded memory: what is too large is merged in pieces.

The files' rows go to the disk as Arrow and are mapped into memory. A piece holds all rows whose value of one
sorted column lies in a range, so pieces follow each other in the part, and rows that share a natural key
share a piece. A piece has a million rows, or those of one value (of a market, where longer candles are put
together); beside it there is the part's file itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake import parquet
from coinlake.tables import Table, refined
from refine.partitions import TablePartition
from refine.pipeline import merged
from refine.tables.grouping import MARKET

PIECE_ROWS: Final = 1 << 20
_SAMPLED: Final = 1 << 16  # values, to place the ranges


@dataclass(slots=True)
class Rows:
    """Rows of one partition, file by file: in memory as long as they are few, then in ``folder``."""

    folder: Path
    piece_rows: int = PIECE_ROWS
    count: int = 0
    files: list[pa.Table] = field(default_factory=list)
    on_disk: int = 0

    @property
    def is_large(self) -> bool:
        return self.count > self.piece_rows

    def add(self, rows: pa.Table) -> None:
        self.count += rows.num_rows
        self.files.append(rows)
        if self.is_large:
            for number in range(self.on_disk, len(self.files)):
                self.files[number] = self._mapped(self.files[number], number)
            self.on_disk = len(self.files)

    def _mapped(self, rows: pa.Table, number: int) -> pa.Table:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{number}.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as file:
            file.write_table(rows.unify_dictionaries().combine_chunks())
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def encoded(partition: TablePartition, files: Rows, shorter: Rows | None = None) -> bytes:
    """The part's file, of all rows of ``files`` and of candles put together from the ``shorter`` ones."""
    table = refined()[partition.table]
    empty = parquet.dictionaries(table).empty_table()
    if not files.is_large and not (shorter and shorter.is_large):
        rows = merged(partition, empty, files.files, _together(empty, shorter))
        return parquet.encode(table, rows)
    return parquet.encode_pieces(table, _pieces(table, partition, files, shorter))


def _together(empty: pa.Table, rows: Rows | None) -> pa.Table | None:
    return (
        None if rows is None else pa.concat_tables([empty, *rows.files]).unify_dictionaries().combine_chunks()
    )


def _pieces(table: Table, partition: TablePartition, files: Rows, shorter: Rows | None) -> Iterator[pa.Table]:
    sources = [*files.files, *(shorter.files if shorter else ())]
    column = _column(table, sources, of_markets=shorter is not None)
    count = files.count + (shorter.count if shorter else 0)
    empty = parquet.dictionaries(table).empty_table()
    bounds = _bounds(sources, column, -(-count // files.piece_rows)) if column else []
    for start, end in pairwise([None, *bounds, None]):
        some = [_between(rows, column, start, end) for rows in files.files]
        parts = None
        if shorter:
            of_shorter = [_between(rows, column, start, end) for rows in shorter.files]
            parts = pa.concat_tables([empty, *of_shorter]).unify_dictionaries().combine_chunks()
        yield merged(partition, empty, [rows for rows in some if rows.num_rows], parts)


def _column(table: Table, sources: Sequence[pa.Table], *, of_markets: bool) -> str | None:
    """The first column of the order that tells the part's rows apart: all before it are the same in each.

    ``of_markets`` leaves markets whole, and gives None where there is one: a bucket needs all its parts.
    """
    order = dict.fromkeys([*table.sort, *table.natural_key])
    for name in order:
        if name not in table.schema.names or (of_markets and name not in MARKET):
            continue
        if table.schema.field(name).nullable:
            break  # null lies in no range
        if len({value for rows in sources for value in _extremes(rows[name])}) > 1:
            return name
    return None


def _extremes(values: pa.ChunkedArray) -> set[Any]:
    """At least the least and the greatest; of few words all that there are."""
    if pa.types.is_dictionary(values.type):
        return set(pc.unique(values).to_pylist())
    return set(pc.min_max(values).as_py().values())


def _bounds(sources: Sequence[pa.Table], column: str, pieces: int) -> list[Any]:
    """Values that cut all rows into about so many pieces of one size."""
    step = max(sum(rows.num_rows for rows in sources) // _SAMPLED, 1)
    samples = [rows[column].take(pa.array(np.arange(0, rows.num_rows, step))) for rows in sources]
    ordered = np.sort(np.array([value for sample in samples for value in sample.to_pylist()], object))
    places = np.linspace(0, len(ordered), pieces, endpoint=False).astype(int)[1:]
    return sorted(set(ordered[places].tolist()))


def _between(rows: pa.Table, column: str | None, start: Any, end: Any) -> pa.Table:
    """The rows from ``start`` to ``end``, exclusive; None is no bound."""
    if column is None:
        return rows
    values = rows[column]
    chosen = pa.array(np.ones(rows.num_rows, np.bool_))
    for bound, holds in ((start, pc.greater_equal), (end, pc.less)):
        if bound is not None:
            chosen = pc.and_(chosen, _where(values, holds, bound))
    return rows.filter(chosen)


def _where(values: pa.ChunkedArray, holds: Any, bound: Any) -> pa.Array:
    if not pa.types.is_dictionary(values.type):
        chosen: pa.Array = holds(values, pa.scalar(bound, values.type)).combine_chunks()
        return chosen
    words = values.combine_chunks()
    return holds(words.dictionary, pa.scalar(bound, words.dictionary.type)).take(words.indices)
