"""What a parser takes and gives: an answer in, typed rows and rejections out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self

import pyarrow as pa

from coinlake.feeds import owner
from coinlake.keys import RawKey
from coinlake.records import Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A raw object, and what is known around it.

    ``rows`` is the list that the source sent, JSON with every number as a Decimal, and ``envelope``
    the object that it came in, if any; raw objects that are no JSON, and JSON lines, leave both
    empty. ``symbol`` maps the source's asset id to the canonical symbol. ``url`` is what was asked,
    empty where the raw object does not say.
    """

    key: RawKey
    received_at: datetime
    symbol: Callable[[str], str]
    url: str = ""
    rows: Sequence[Any] = ()
    envelope: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Whose data it is."""
        return owner(self.key.source)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one answer that share a partition: one trusted file, in the table's order."""

    table: str
    partition: str
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Parsed:
    """A raw object's rows, each either in a part or named by one rejection.

    ``rounded`` counts trusted values that had more than 18 decimals; ``notes`` are warnings
    for the ledger.
    """

    rows_in: int
    parts: tuple[Part, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    rounded: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def unreadable(cls, rejection: Rejection) -> Self:
        """The object as a whole is bad data: it counts as one row, quarantined."""
        return cls(rows_in=1, rejections=(rejection,))

    @property
    def rows_trusted(self) -> int:
        return sum(part.rows.num_rows for part in self.parts)


class Parser(Protocol):
    """How one dataset of one source is read from raw objects whose key ends in ``ext``."""

    @property
    def ext(self) -> str: ...

    def read(self, body: bytes, answer: Answer, max_bytes: int) -> Parsed:
        """Everything that becomes of a gzipped body; ``Unreadable`` if it is bad as a whole."""
        ...


class Unreadable(Exception):
    """The object as a whole is bad data. Caught where its rejection becomes a ``Parsed``."""

    def __init__(self, code: str, value: object = None, field: str | None = None) -> None:
        self.rejection = Rejection.of(code, field=field, value=value)
        super().__init__(code)
