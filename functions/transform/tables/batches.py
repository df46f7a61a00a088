"""Many rows in batches to the files of a table's partitions: sorted, each key once.

Rows are sorted, and become Parquet, in runs, so that few are in memory at a time. Texts are dictionaries, so
that a million rows name their raw object once, and NumPy sorts: its radix sort of a dictionary's ranks is
several times as fast as Arrow's of texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Final

import numpy as np
import pyarrow as pa

from coinlake import parquet
from coinlake.arrow import from_numpy
from coinlake.keys import Partition, RawKey
from coinlake.ranks import Numbers, ranks, repeats
from coinlake.records import Rejection
from coinlake.tables import Table
from transform.model import EncodedSlice

RUN_ROWS: Final = parquet.ROW_GROUP_ROWS  # so that a run is one row group, or one for each partition
_DAY: Final = np.timedelta64(1, "D") // np.timedelta64(1, "us")
_HASH_BYTES: Final = 8
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio: spreads a number's bits


class RepeatAcrossRuns(Exception):
    """Rows of two runs have one key, or the same hash of it: which stays takes all rows at once."""


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


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Good rows; ``row_numbers`` are theirs in the raw object, ascending."""

    columns: dict[str, pa.Array]
    row_numbers: Numbers

    def slice(self, start: int, count: int | None = None) -> "RowBatch":
        columns = {name: column.slice(start, count) for name, column in self.columns.items()}
        return RowBatch(columns, self.row_numbers[start:][:count])


@dataclass(slots=True)
class SortedRuns:
    """The rows of one raw object while it is read.

    ``repeated`` are the rows that repeat an earlier key of their run. Whether two runs have one key is known
    by its hash, eight bytes a row.
    """

    table: Table
    layout: TableLayout
    key: RawKey
    run_rows: int = RUN_ROWS
    repeated: dict[int, Rejection] = field(default_factory=dict)
    _batches: list[RowBatch] = field(default_factory=list)
    _waiting: int = 0
    _hashes: list[Numbers] = field(default_factory=list)
    _files: dict[Partition, parquet.RowGroups] = field(default_factory=dict)

    def add(self, batch: RowBatch) -> None:
        """These rows come next."""
        while self._waiting + len(batch.row_numbers) > self.run_rows:
            room = self.run_rows - self._waiting
            self._batches.append(batch.slice(0, room))
            self._write_run(last=False)
            batch = batch.slice(room)
        self._batches.append(batch)
        self._waiting += len(batch.row_numbers)

    def close(self) -> tuple[EncodedSlice, ...]:
        """One slice for each partition; ``RepeatAcrossRuns`` where the runs were too short for that."""
        if self._batches:
            self._write_run(last=True)
        if self._hashes:
            hashes = np.concatenate(self._hashes)
            hashes.sort()
            if (hashes[1:] == hashes[:-1]).any():
                raise RepeatAcrossRuns
        return tuple(
            EncodedSlice(self.table.name, partition, file.num_rows, file.close())
            for partition, file in self._files.items()
        )

    def _write_run(self, *, last: bool) -> None:
        """Sort what is waiting, and write it a row group at a time."""
        pa.default_memory_pool().release_unused()  # else what was freed so far stays with the process
        unique = self.layout.unique or self.table.natural_key
        row_numbers = np.concatenate([batch.row_numbers for batch in self._batches])
        columns = {name: _take_column(self._batches, name) for name in [*self._batches[0].columns]}
        self._batches, self._waiting = [], 0
        level = (self.layout.level,) if self.layout.level else ()
        keys = {*self.table.sort, *unique, self.layout.time, *level} & set(columns)
        ranked = {name: ranks(columns[name]) for name in keys}
        periods = _periods(ranked[self.layout.time], monthly=self.layout.monthly)
        beyond = [name for name in unique if name not in self.table.sort]
        sorts = [ranked[name] for name in (*reversed(beyond), *reversed(self.table.sort)) if name in ranked]
        order = np.lexsort([*sorts, periods, *(ranked[name] for name in level)])
        later = repeats(order, [ranked[name] for name in unique if name in ranked])
        time = unique[-1]
        values = columns[time].take(from_numpy(order[later])).to_pylist()
        for number, value in zip(row_numbers[order[later]].tolist(), values, strict=True):
            self.repeated[number] = Rejection.of("duplicate_row", number, time, value)
        order = order[~later]
        if self._hashes or not last:
            self._hashes.append(_hashes([columns[name] for name in unique if name in columns])[order])
        for partition, rows in self._cut(columns, periods, order):
            for start in range(0, len(rows), parquet.ROW_GROUP_ROWS):
                self._write(partition, columns, from_numpy(rows[start : start + parquet.ROW_GROUP_ROWS]))

    def _cut(
        self, columns: dict[str, pa.Array], periods: Numbers, order: Numbers
    ) -> Iterator[tuple[Partition, Numbers]]:
        """The rows of each partition, of rows that are in the order of their partitions."""
        periods, level = periods[order], self.layout.level
        changes = np.diff(periods) != 0
        if level:
            changes |= np.diff(columns[level].indices.to_numpy()[order]) != 0
        starts = [0, *(np.flatnonzero(changes) + 1).tolist()]
        unit = "datetime64[M]" if self.layout.monthly else "datetime64[D]"
        days = periods[starts].astype(unit).astype("datetime64[D]").tolist()
        names = columns[level].take(from_numpy(order[starts])).to_pylist() if level else [None] * len(starts)
        for name, day, start, end in zip(names, days, starts, [*starts[1:], len(order)], strict=True):
            yield self.layout.partition(name, day), order[start:end]

    def _write(self, partition: Partition, columns: dict[str, pa.Array], rows: pa.Array) -> None:
        """Gather a row group, and write it to its partition's file."""
        constants = {"source": self.key.source, "raw_key": str(self.key)}
        zeros = from_numpy(np.zeros(len(rows), np.int32))
        arrays = [
            pa.DictionaryArray.from_arrays(zeros, [constants[name]])
            if name in constants
            else columns[name].take(rows)
            for name in self.table.schema.names
        ]
        group = pa.Table.from_arrays(arrays, self.table.schema.names)
        if partition not in self._files:
            self._files[partition] = parquet.RowGroups(self.table, group.schema)
        self._files[partition].write(group)


def _take_column(batches: Sequence[RowBatch], name: str) -> pa.Array:
    """One column of all batches, taken out of them so that its memory is free for the next."""
    chunks = pa.chunked_array([batch.columns.pop(name) for batch in batches])
    if pa.types.is_dictionary(chunks.type):
        chunks = chunks.unify_dictionaries()
    return chunks.combine_chunks()


def _periods(micros: Numbers, *, monthly: bool) -> Numbers:
    """Days or months since 1970, of times in microseconds."""
    days: Numbers = micros // _DAY
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) if monthly else days


def _hashes(columns: Sequence[pa.Array]) -> Numbers:
    """A number for each row that is the same in any run: of keys that differ two are seldom equal."""
    hashes: Numbers = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        hashes *= _GOLDEN
        if pa.types.is_dictionary(column.type):
            digests = [
                blake2b(text.encode(), digest_size=_HASH_BYTES) for text in column.dictionary.to_pylist()
            ]
            words = np.frombuffer(b"".join(digest.digest() for digest in digests), np.uint64)
            hashes += words[column.indices.to_numpy()]
        else:
            hashes += ranks(column).astype(np.uint64)
    return hashes
