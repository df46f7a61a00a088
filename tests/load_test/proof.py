"""Proof that nothing was lost or doubled: what was offered, zone by zone, row by row."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from coinlake import keys
from coinlake.keys import TRUSTED
from coinlake.records import LedgerEntry
from coinlake.tables import catalog, refined, tables
from ops.query.duckdb import create_view
from ops.query.lake_files import LakeFiles
from ops.stack import Stack

THREADS: Final = 10  # as many connections as a client keeps
MAX_LEDGER_BYTES: Final = 1 << 20
MAX_NAMED: Final = 3


@dataclass(slots=True)
class Proof:
    """Counts side by side, and a sentence for each that is not what it must be."""

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def same(self, what: str, wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
        """The names of both must be the same, and the number of each."""
        for name, differing in {
            "lost": wanted.keys() - found.keys(),
            "too many": found.keys() - wanted.keys(),
            "different": {key for key in wanted.keys() & found.keys() if wanted[key] != found[key]},
        }.items():
            if differing:
                first = ", ".join(sorted(differing)[:MAX_NAMED])
                self.problems.append(f"{what}: {len(differing):,} {name}, the first {first}")

    @classmethod
    def of(cls, stack: Stack, offered: Mapping[str, int], folder: Path) -> "Proof":
        """``offered`` is each raw key with the rows of its answer; files are copied to ``folder``."""
        proof = cls()
        in_raw = list(stack.raw.keys(keys.RAW))
        entries = _ledger(stack)
        rows_in = {entry.raw_key: entry.rows_in for entry in entries}
        quarantined = dict.fromkeys(stack.lake.keys(keys.QUARANTINE), 1)
        outputs = Counter(key for entry in entries for key in entry.outputs)
        proof.counts |= {
            "raw objects offered": len(offered),
            "raw objects": len(in_raw),
            "ledger entries": len(entries),
            "rows in the answers": sum(offered.values()),
            "rows in": sum(rows_in.values()),
            "rows trusted": sum(entry.rows_trusted for entry in entries),
            "rows quarantined": sum(entry.rows_quarantined for entry in entries),
        }
        proof.same("raw", dict.fromkeys(offered, 1), Counter(in_raw))
        proof.same("ledger's rows", offered, rows_in)
        trusted = Trusted(stack, folder)
        for name in trusted.names:
            wanted, found = trusted.keys_of(name), trusted.refined_rows_of(name)
            proof.counts[f"refined {name}, of {wanted:,} keys in trusted"] = found
            if wanted != found:
                proof.problems.append(f"refined {name}: {found:,} rows of {wanted:,} keys in trusted")
        expected = {entry.raw_key: entry.rows_trusted for entry in entries if entry.rows_trusted}
        proof.same("trusted's rows", expected, trusted.rows)
        proof.same("outputs", outputs, trusted.files + Counter(quarantined))
        return proof


class Trusted:
    """The trusted zone as DuckDB reads it, beside refined: a view of each table that has files.

    ``rows`` are by raw key; ``files`` by key, each once.
    """

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.rows, self.files = Counter[str](), Counter[str]()
        self.names: list[str] = []
        self._database = duckdb.connect()
        copies = LakeFiles(stack, folder)
        for name, table in tables().items():
            trusted = f"trusted_{name}"
            if not table.location.startswith(TRUSTED) or not (paths := copies.refresh(trusted)):
                continue
            self.names.append(name)
            self.files.update(str(path.relative_to(folder)) for path in paths)
            for view, of in ((trusted, paths), (name, copies.refresh(name))):
                create_view(self._database, catalog()[view], [str(path) for path in of])
            self.rows.update(dict(self._all(f"SELECT raw_key, count(*) FROM {trusted} GROUP BY raw_key")))

    def keys_of(self, name: str) -> int:
        """Natural keys of a table's rows in trusted, within each partition of refined."""
        table = refined()[name]
        partitions = (table.partition_columns.get(level, level) for level in table.partitions)
        columns = ", ".join(f'"{column}"' for column in dict.fromkeys([*table.natural_key, *partitions]))
        return self._count(f"SELECT DISTINCT {columns} FROM trusted_{name}")

    def refined_rows_of(self, name: str) -> int:
        """Rows of the refined table that are a source's own."""
        own = "WHERE derived_from IS NULL" if "derived_from" in refined()[name].schema.names else ""
        return self._count(f"SELECT * FROM {name} {own}")

    def _count(self, query: str) -> int:
        return int(self._all(f"SELECT count(*) FROM ({query})")[0][0])

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        return self._database.sql(query).fetchall()


def _ledger(stack: Stack) -> list[LedgerEntry]:
    def entry(key: str) -> LedgerEntry:
        return LedgerEntry.from_json(stack.lake.get(key, MAX_LEDGER_BYTES).body)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(entry, stack.lake.keys(keys.LEDGER)))
