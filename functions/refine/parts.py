"""The refined zone as refine reads and writes it: one file for each partition of a table.

A part is replaced only if it still is what it was when it was read; a run that lost the race reads
again, so two runs never lose each other's rows.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from coinlake import parquet
from coinlake.errors import NotFound, PreconditionFailed, StoreUnavailable, WriteConflict
from coinlake.keys import REFINED, parse_refined, refined_key
from coinlake.stores import ObjectStore
from coinlake.tables import Table, refined

MAX_PART_BYTES: Final = 512 << 20
_TRIES: Final = 20
PAUSE_SECONDS: Final = 0.05  # before the second try; a random share of it, doubled up to _MOST
_MOST_SECONDS: Final = 2.0


class Part(NamedTuple):
    """One partition of one refined table; ``partition`` as in keys, ``dt=2026-11-21``."""

    table: str
    partition: str

    @property
    def key(self) -> str:
        return refined_key(self.table, self.partition)

    @property
    def values(self) -> dict[str, str]:
        """The partition's columns."""
        folders = self.partition.split("/") if self.partition else []
        return {name: unquote(value) for name, _, value in (folder.partition("=") for folder in folders)}


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts in the lake bucket."""

    store: ObjectStore

    def read(self, part: Part) -> pa.Table:
        """The part's rows with the partition's columns; none where there is no such part."""
        table = refined()[part.table]
        rows = self.rows(part).cast(table.schema)
        for name, value in part.values.items():
            rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows

    def rows(self, part: Part) -> pa.Table:
        """The part's rows as ``coinlake.parquet`` decodes them."""
        return _rows(refined()[part.table], self._get(part)[0])

    def existing(self, table: str) -> list[str]:
        """The partitions that a table has now."""
        return [parse_refined(key)[1] for key in self.store.keys(f"{REFINED}{table}/")]

    def update(self, part: Part, change: Callable[[pa.Table], pa.Table]) -> None:
        """Make the part what ``change`` makes of its rows; a change that changes no byte writes nothing.

        ``change`` may be called again, with the rows that another run left, and so has to read its
        own inputs anew each time. ``StoreUnavailable`` where others never stop writing the part.
        """
        table = refined()[part.table]
        for attempt in range(_TRIES):
            body, etag = self._get(part)
            rows = change(_rows(table, body))
            changed = parquet.encode(table, rows)
            if changed == body or not (body or rows.num_rows):
                return
            try:
                self._put(part, changed, etag)
            except (PreconditionFailed, WriteConflict, NotFound):
                time.sleep(random.random() * min(_MOST_SECONDS, PAUSE_SECONDS * 2**attempt))  # noqa: S311 - no secret
            else:
                return
        raise StoreUnavailable(f"{part.key} was replaced by others {_TRIES} times; it will be tried again")

    def _put(self, part: Part, body: bytes, etag: str) -> None:
        """Replace the object of that etag, or be the first."""
        if etag:
            self.store.put(part.key, body, content_type=parquet.CONTENT_TYPE, IfMatch=etag)
        else:
            self.store.put(part.key, body, content_type=parquet.CONTENT_TYPE, IfNoneMatch="*")

    def _get(self, part: Part) -> tuple[bytes, str]:
        """Body and etag; both empty where there is no such part."""
        try:
            stored = self.store.get(part.key, MAX_PART_BYTES)
        except NotFound:
            return b"", ""
        return stored.body, stored.etag


def _rows(table: Table, body: bytes) -> pa.Table:
    return parquet.decode(table, body) if body else parquet.dictionaries(table).empty_table()
