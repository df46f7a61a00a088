"""Partitions of refined tables, and the two zones as refine reads and writes them.

A refined partition is one file. It is replaced only if it still is what it was when it was read; a run
that lost the race reads again, so two runs never lose each other's rows.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc

from coinlake import parquet
from coinlake.errors import BadKey, NotFound, PreconditionFailed, StoreUnavailable, WriteConflict
from coinlake.intervals import INTERVALS
from coinlake.keys import REFINED, TRUSTED, Partition, QuarantineKey, RefinedKey, TrustedKey
from coinlake.ranks import ranks
from coinlake.retries import REFINED_WRITE
from coinlake.stores import ObjectStore
from coinlake.tables import Table, refined, tables
from refine.coverage import with_answered_span, with_own_coverage

MAX_FILE_BYTES: Final = 256 << 20
MAX_PARTITION_BYTES: Final = 512 << 20
_SAFE: Final = "@!"  # in names of streams, and safe in keys
_LONGER_THAN_A_MONTH: Final = timedelta(days=32)


class TablePartition(NamedTuple):
    """One partition of one refined table."""

    table: str
    partition: Partition

    @property
    def key(self) -> str:
        return str(RefinedKey(self.table, self.partition))

    @property
    def values(self) -> dict[str, str]:
        """The partition's columns."""
        return {name: unquote(value) for name, value in self.partition.levels.items()}

    @property
    def month(self) -> str:
        """The month that it lies in, ``2026-11``, whether it is a month's or a day's; "" for any other."""
        dates = self.partition.dates()
        return f"{dates[0]:%Y-%m}" if dates else ""


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def next_month(month: str) -> str:
    return f"{first_day(month) + _LONGER_THAN_A_MONTH:%Y-%m}"


def previous_month(month: str) -> str:
    return f"{first_day(month) - timedelta(days=1):%Y-%m}"


def months_between(first: str, last: str) -> Iterator[str]:
    """The months from ``first`` to ``last``, both included; none where ``first`` is later."""
    while first <= last:
        yield first
        first = next_month(first)


class TrustedFile(NamedTuple):
    """A trusted file; ``rows``, where they are read already, are those of one refined partition."""

    key: str
    table: str
    rows: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class TrustedFiles:
    """The trusted files in the lake bucket."""

    store: ObjectStore

    def partitions(self, key: TrustedKey) -> Iterator[tuple[TablePartition, TrustedFile]]:
        """The refined partitions that a file has rows for. It is read only where its rows say which."""
        refined_table = refined()[key.table]
        if not refined_table.partition_columns:
            yield TablePartition(key.table, key.partition), TrustedFile(str(key), key.table)
            return
        rows = parquet.decode(tables()[key.table], self._body(str(key)))
        for partition, some in _split(rows, refined_table, key.partition):
            yield TablePartition(key.table, partition), TrustedFile(str(key), key.table, some)

    def read(self, file: TrustedFile) -> pa.Table:
        """Its rows with the columns of their refined partition; ``NotFound`` if it is gone by now."""
        if file.rows is not None:
            return file.rows
        rows = parquet.decode(refined()[file.table], self._body(file.key))
        if file.table != "candles":
            return rows
        key = TrustedKey.parse(file.key)
        interval = key.partition.levels["interval"]
        rows = with_answered_span(rows, key, interval, lambda: self._has_rejections(key))
        return with_own_coverage(rows, interval)

    def _has_rejections(self, key: TrustedKey) -> bool:
        """Whether rows of the file's raw object are in quarantine, which transform writes first."""
        try:
            self.store.head(str(QuarantineKey(key.source, key.dataset, key.slot)))
        except NotFound:
            return False
        return True

    def _body(self, key: str) -> bytes:
        return self.store.get(key, MAX_FILE_BYTES).body


def is_in_catalog(key: TrustedKey) -> bool:
    """Whether the key is a file of a trusted table, in a partition that the table can have."""
    table = tables().get(key.table)
    if table is None or not table.location.startswith(TRUSTED):
        return False
    levels = key.partition.levels
    try:
        key.partition.dates()
    except BadKey:
        return False
    return tuple(levels) == table.partitions and levels.get("interval", "1d") in INTERVALS


def _split(rows: pa.Table, refined_table: Table, folder: Partition) -> Iterator[tuple[Partition, pa.Table]]:
    """The rows by refined partition; what no column says of it is in the trusted ``folder``."""
    columns = refined_table.partition_columns
    codes = [ranks(rows[column].combine_chunks()).astype("int64") for column in columns.values()]
    code = pa.array(sum(part << 32 * place for place, part in enumerate(codes)))
    for value in pc.unique(code) if rows.num_rows else ():
        some = rows.filter(pc.equal(code, value))
        levels = folder.levels | {name: str(some[column][0]) for name, column in columns.items()}
        quoted = {name: quote(levels[name], safe=_SAFE) for name in refined_table.partitions}
        yield Partition.of(quoted), some.select(refined_table.schema.names)


@dataclass(frozen=True, slots=True)
class RefinedZone:
    """The refined partitions in the lake bucket."""

    store: ObjectStore

    def read(self, partition: TablePartition) -> pa.Table:
        """Its rows with the partition's columns as strings; none where there is no such partition."""
        table = refined()[partition.table]
        rows = self.rows(partition).cast(table.schema)
        for name, value in partition.values.items():
            rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows

    def rows(self, partition: TablePartition) -> pa.Table:
        """Its rows as ``coinlake.parquet`` decodes them."""
        return _decoded(refined()[partition.table], self._get(partition)[0])

    def groups(self, partition: TablePartition) -> Iterator[pa.Table]:
        """``rows``, a row group at a time."""
        body, _ = self._get(partition)
        return parquet.decode_groups(refined()[partition.table], body) if body else iter(())

    def existing(self, table: str) -> list[Partition]:
        """The partitions that a table has now."""
        return [RefinedKey.parse(key).partition for key in self.store.keys(f"{REFINED}{table}/")]

    def update(self, partition: TablePartition, change: Callable[[pa.Table], pa.Table]) -> bool:
        """Make the partition what ``change`` makes of its rows; where no byte would change, write nothing.
        Return whether it was written.

        ``change`` may be called again, with the rows that another run left, and so has to read its
        own inputs anew each time. ``StoreUnavailable`` where others never stop writing the partition.
        """
        table = refined()[partition.table]

        def change_body(body: bytes) -> bytes:
            rows = change(_decoded(table, body))
            return parquet.encode(table, rows) if body or rows.num_rows else b""

        return self.replace(partition, change_body)

    def replace(self, partition: TablePartition, change: Callable[[bytes], bytes]) -> bool:
        """``update`` of the file's bytes, which are empty where there is none."""
        failures = 0
        while not REFINED_WRITE.is_exhausted(failures):
            body, etag = self._get(partition)
            changed = change(body)
            if changed == body:
                return False
            try:
                self._put(partition, changed, etag)
            except (PreconditionFailed, WriteConflict, NotFound):
                failures += 1
                time.sleep(REFINED_WRITE.seconds(failures))
            else:
                return True
        raise StoreUnavailable(
            f"{partition.key} was replaced by others {failures} times; it will be tried again"
        )

    def _put(self, partition: TablePartition, body: bytes, etag: str) -> None:
        """Replace the object of that etag, or be the first; decision 9 says what a 412 means."""
        if etag:
            self.store.put(partition.key, body, content_type=parquet.CONTENT_TYPE, IfMatch=etag)
        else:
            self.store.put(partition.key, body, content_type=parquet.CONTENT_TYPE, IfNoneMatch="*")

    def _get(self, partition: TablePartition) -> tuple[bytes, str]:
        """Body and etag; both empty where there is no such partition."""
        try:
            stored = self.store.get(partition.key, MAX_PARTITION_BYTES)
        except NotFound:
            return b"", ""
        return stored.body, stored.etag


def _decoded(table: Table, body: bytes) -> pa.Table:
    return parquet.decode(table, body) if body else parquet.dictionaries(table).empty_table()
