"""A document: one JSON value, decoded whole, that is a list of rows or holds its rows somewhere inside."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from transform.columns.validation import new_field_notes
from transform.model import ParsedObject, RawDocument, RepeatedKeys, Unreadable
from transform.readers.decoding import MAX_VALUES, decode_gzipped_json


@dataclass(frozen=True, slots=True)
class ListReader:
    """How a dataset is read whose documents are lists of rows.

    ``error`` gives the message of the source's error envelopes, None for any other object.
    """

    ext: ClassVar[str] = "json"
    parse: Callable[[RawDocument], ParsedObject]
    error: Callable[[dict[str, Any]], str | None]

    def read(self, body: bytes, document: RawDocument, max_bytes: int) -> ParsedObject:
        """The rows of a gzipped list; ``document`` is what is known around it."""
        value = decode_gzipped_json(body, max_bytes)
        if not isinstance(value, list):
            message = self.error(value) if isinstance(value, dict) else None
            if message is not None:
                raise Unreadable("api_error", message)
            raise Unreadable("not_a_list", value)
        return self.parse(replace(document, rows=value)) if value else _no_rows()


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """How a dataset is read whose documents hold their rows inside.

    ``rows`` finds a document's rows, None where it has no such thing as rows. ``error`` is as of
    ``ListReader``. ``known`` are the names that the envelope has today, unless it has rows by name.
    ``max_values`` is the cap of a document whose rows have many values each; the rows themselves have
    the cap of a list's values.
    """

    ext: ClassVar[str] = "json"
    parse: Callable[[RawDocument], ParsedObject]
    error: Callable[[dict[str, Any]], str | None]
    rows: Callable[[Any], list[Any] | None]
    known: Set[str] | None = None
    max_values: int | None = None

    def read(self, body: bytes, document: RawDocument, max_bytes: int) -> ParsedObject:
        """The rows of a gzipped document; ``document`` is what is known around it."""
        value = decode_gzipped_json(body, max_bytes, self.max_values)
        envelope = unique_keys(value) if isinstance(value, dict) else {}
        message = self.error(envelope) if envelope else None
        if message is not None:
            raise Unreadable("api_error", message)
        rows = self.rows(value)
        if rows is None:
            raise Unreadable("not_a_list", value)
        if len(rows) > MAX_VALUES:
            raise Unreadable("too_large", f"more than {MAX_VALUES} rows")
        parsed = self.parse(replace(document, rows=rows, envelope=envelope)) if rows else _no_rows()
        new = new_field_notes(set(envelope) - self.known) if self.known else []
        return replace(parsed, notes=(*parsed.notes, *new))


def list_at(*path: str) -> Callable[[Any], list[Any] | None]:
    """Finds the list at ``path`` in a document; None where there is none."""

    def rows(document: Any) -> list[Any] | None:
        value = _at(document, path)
        return value if isinstance(value, list) else None

    return rows


def values_at(*path: str) -> Callable[[Any], list[Any] | None]:
    """Finds the values of the object at ``path``, which gives each row a name; None where there is none."""

    def rows(document: Any) -> list[Any] | None:
        value = _at(document, path)
        return list(unique_keys(value).values()) if isinstance(value, dict) else None

    return rows


def unique_keys(value: dict[str, Any]) -> dict[str, Any]:
    """The object itself, unless it names a key twice: which value is meant would be a guess."""
    if isinstance(value, RepeatedKeys):
        raise Unreadable("duplicate_key", value)
    return value


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _no_rows() -> ParsedObject:
    return ParsedObject(rows_in=0, notes=("no_rows",))
