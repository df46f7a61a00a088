"""What a parser takes and gives: a raw document in, typed rows and rejections out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, Self

import pyarrow as pa

from coinlake import parquet
from coinlake.keys import Partition, RawKey
from coinlake.records import RejectedSpan, Rejection
from coinlake.sources import owner, protocol, siblings
from coinlake.tables import tables

UNANSWERED: Final = "unanswered:"  # the note of an asset that was asked for and did not come


def _no_ids(_: str) -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True)
class AssetMap:
    """The configured assets: ``symbol`` maps a source and its asset id to the canonical symbol, ``ids``
    gives the ids that are configured for a source."""

    symbol: Callable[[str, str], str]
    ids: Callable[[str], Collection[str]] = _no_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDocument:
    """A raw object, and what is known around it.

    ``rows`` is the list that the source sent, JSON with every number as a Decimal, and ``envelope``
    the object that it came in, if any; raw objects that are no JSON, and JSON lines, leave both
    empty. ``url`` is that of the request, empty where the raw object does not say.
    """

    key: RawKey
    received_at: datetime
    assets: AssetMap
    url: str = ""
    rows: Sequence[Any] = ()
    envelope: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Whose data it is."""
        return owner(self.key.source)

    @property
    def asset_ids(self) -> Collection[str]:
        """The ids of the configured assets, as the source spells them in its symbols."""
        return self.assets.ids(protocol(self.source))

    def symbol(self, asset_id: str) -> str:
        """The canonical symbol of the source's asset id."""
        source = self.source
        namesake = _ids_of(source)
        symbol = self.assets.symbol(namesake, asset_id)
        return f"{source}:{asset_id}" if symbol == f"{namesake}:{asset_id}" else symbol


def _ids_of(source: str) -> str:
    """The source by whose ids the asset map knows the source's assets."""
    protocol_source, sibling = siblings().get(source, (source, None))
    return protocol_source if sibling is None or sibling.shares_ids else source


@dataclass(frozen=True, slots=True)
class TableSlice:
    """The rows of one raw object that share a partition: one trusted file, in the table's order."""

    table: str
    partition: Partition
    rows: pa.Table

    @property
    def num_rows(self) -> int:
        count: int = self.rows.num_rows
        return count


@dataclass(frozen=True, slots=True)
class EncodedSlice:
    """As a ``TableSlice``, of so many rows that they became Parquet, ``body``, while they were read."""

    table: str
    partition: Partition
    num_rows: int
    body: bytes

    @property
    def rows(self) -> pa.Table:
        """Read back."""
        return parquet.decode(tables()[self.table], self.body)


@dataclass(frozen=True, slots=True)
class ParsedObject:
    """A raw object's rows, each either in a slice or named by one rejection.

    ``rounded`` counts trusted values that had more than 18 decimals; ``notes`` are warnings
    for the ledger. ``rejected`` is as of ``LedgerEntry``.
    """

    rows_in: int
    slices: tuple[TableSlice | EncodedSlice, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    rounded: int = 0
    notes: tuple[str, ...] = ()
    rejected: tuple[RejectedSpan, ...] | None = None

    @classmethod
    def unreadable(cls, rejection: Rejection) -> Self:
        """The object as a whole is bad data: it counts as one row, quarantined."""
        return cls(rows_in=1, rejections=(rejection,))

    @property
    def rows_trusted(self) -> int:
        return sum(part.num_rows for part in self.slices)


class RepeatedKeys(dict[str, Any]):
    """A JSON object that names a key twice, so that its values cannot be trusted."""


class Reader(Protocol):
    """How one dataset of one source is read from raw objects whose key ends in ``ext``."""

    @property
    def ext(self) -> str: ...

    def read(self, body: bytes, document: RawDocument, max_bytes: int) -> ParsedObject:
        """All rows and rejections of a gzipped body; ``Unreadable`` if it is bad as a whole."""
        ...


class Unreadable(Exception):
    """An object, or a line, as a whole is bad data. Caught where its rejection is recorded."""

    def __init__(self, code: str, value: object = None, field: str | None = None) -> None:
        self.rejection = Rejection.of(code, field=field, value=value)
        super().__init__(code)
