"""A document: one JSON value that holds its rows somewhere inside, decoded whole."""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from transform.notes import new_fields
from transform.parsed import Answer, Parsed, Unreadable
from transform.payload import MAX_VALUES, Repeated, decoded


@dataclass(frozen=True, slots=True)
class Documents:
    """How one dataset of one source is read from documents.

    ``rows`` finds a document's rows, None where it has no such thing as rows. ``error`` gives the
    message of the source's error envelopes, None for any other object. ``known`` are the names that
    the envelope has today, unless it has rows by name. ``max_values`` is the cap of a document whose
    rows have many values each; the rows themselves have the cap of a page's values.
    """

    ext: ClassVar[str] = "json"
    parse: Callable[[Answer], Parsed]
    error: Callable[[dict[str, Any]], str | None]
    rows: Callable[[Any], list[Any] | None]
    known: Set[str] | None = None
    max_values: int | None = None

    def read(self, body: bytes, answer: Answer, max_bytes: int) -> Parsed:
        """The rows of a gzipped document; ``answer`` is what is known around it."""
        document = decoded(body, max_bytes, self.max_values)
        envelope = once(document) if isinstance(document, dict) else {}
        message = self.error(envelope) if envelope else None
        if message is not None:
            raise Unreadable("api_error", message)
        rows = self.rows(document)
        if rows is None:
            raise Unreadable("not_a_list", document)
        if len(rows) > MAX_VALUES:
            raise Unreadable("too_large", f"more than {MAX_VALUES} rows")
        added = new_fields(set(envelope) - self.known) if self.known else []
        parsed = Parsed(rows_in=0, notes=("no_rows",))
        if rows:
            parsed = self.parse(replace(answer, rows=rows, envelope=envelope))
        return replace(parsed, notes=(*parsed.notes, *added))


def listed(value: Any) -> list[Any] | None:
    """The rows of a list, as they are."""
    return value if isinstance(value, list) else None


def named(value: Any) -> list[Any] | None:
    """The rows of an object that gives each a name: ``names`` of the same value has the names."""
    return list(once(value).values()) if isinstance(value, dict) else None


def once(value: dict[str, Any]) -> dict[str, Any]:
    """The object itself, unless it names a key twice: which value is meant would be a guess."""
    if isinstance(value, Repeated):
        raise Unreadable("duplicate_key", value)
    return value
