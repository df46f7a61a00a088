"""A local copy of the tables' Parquet files, kept up to date file by file, for DuckDB."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coinlake.tables import catalog
from ops.listing import Entry, entries
from ops.stack import Stack

THREADS: Final = 16
MAX_BYTES: Final = 1 << 30  # not the listed size: refine may have replaced the file by a longer one meanwhile
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LakeFiles:
    """Files of ``stack``'s lake bucket under ``folder``, each at the path of its key."""

    stack: Stack
    folder: Path

    def refresh(self, table: str, report: Report = lambda _done, _all: None) -> list[Path]:
        """Fetch what is new or changed of a table, drop what is gone; returns its files."""
        listed = list(entries(self.stack.lake, catalog()[table].location))
        etags = self._index(table)
        missing = [entry for entry in listed if etags.get(entry.key) != entry.etag]
        for key in etags.keys() - {entry.key for entry in listed}:
            (self.folder / key).unlink(missing_ok=True)
        with ThreadPoolExecutor(THREADS) as pool:
            for done, _ in enumerate(pool.map(self._fetch, missing), start=1):
                report(done, len(missing))
        self._write_index(table, listed)
        return [self.folder / entry.key for entry in listed]

    def _fetch(self, entry: Entry) -> None:
        path = self.folder / entry.key
        path.parent.mkdir(parents=True, exist_ok=True)
        # A query beside this one sees all of the file, or the one before.
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_bytes(self.stack.lake.get(entry.key, MAX_BYTES).body)
        part.replace(path)

    def _index(self, table: str) -> dict[str, Any]:
        try:
            etags: dict[str, Any] = json.loads(self._index_path(table).read_text())
        except (OSError, ValueError):
            return {}
        return {key: etag for key, etag in etags.items() if (self.folder / key).is_file()}

    def _write_index(self, table: str, listed: list[Entry]) -> None:
        self._index_path(table).parent.mkdir(parents=True, exist_ok=True)
        self._index_path(table).write_text(json.dumps({entry.key: entry.etag for entry in listed}))

    def _index_path(self, table: str) -> Path:
        return self.folder / f"{table}.json"
