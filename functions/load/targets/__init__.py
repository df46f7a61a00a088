"""The warehouses that refined is mirrored into: each file alone imports its client."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa

from coinlake.errors import CoinlakeError
from coinlake.keys import Partition
from load.ddl import SinkTable
from load.planning import Loaded, TablePartition


class Mismatch(CoinlakeError):
    """The rows that were written are not those of the part: nothing was committed."""


@dataclass(frozen=True, slots=True)
class Part:
    """The object of one partition at this moment: its rows as the table's files hold them, and its etag."""

    etag: str
    rows: pa.Table


Read = Callable[[TablePartition], Part | None]  # None where the partition is gone


class Target(Protocol):
    """One warehouse. Each load is one transaction: killed at any point it leaves the old rows or the new."""

    name: str

    def prepare(self, tables: Collection[SinkTable]) -> None:
        """Create what is missing, add new columns; ``BadConfiguration`` for what must not be changed."""
        ...

    def loaded(self) -> Mapping[TablePartition, Loaded]:
        """The warehouse's own ledger."""
        ...

    def forget(self, tables: Collection[str], partition: Partition | None) -> None:
        """Let the ledger forget which objects it holds, so that the next load compares their rows again."""
        ...

    def load(self, table: SinkTable, place: TablePartition, read: Read) -> Loaded | None:
        """Hold exactly the rows of the partition's object; None where it is gone, and its rows with it."""
        ...

    def check(self, table: SinkTable, place: TablePartition) -> tuple[int, int]:
        """Count and hash of the rows that the warehouse holds of a partition."""
        ...

    def probe(self, rows: pa.Table) -> tuple[int, int] | None:
        """Count and hash of ``rows`` as the warehouse has them once written; None if it will tell later."""
        ...

    def close(self) -> None:
        """End the run: let go of the connection."""
        ...


@runtime_checkable
class HasRoles(Protocol):
    """A warehouse whose roles load can make, once, as its administrator."""

    def create_roles(self, user: str, password: str) -> list[str]:
        """Make what is missing; the names of what was made."""
        ...
