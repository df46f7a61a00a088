"""A page: one JSON document that is a list of rows, decoded whole."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from transform.parsed import Answer, Parsed, Unreadable
from transform.payload import decoded


@dataclass(frozen=True, slots=True)
class Pages:
    """How one dataset of one source is read from pages.

    ``error`` gives the message of the source's error envelopes, None for any other object.
    """

    ext: ClassVar[str] = "json"
    parse: Callable[[Answer], Parsed]
    error: Callable[[dict[str, Any]], str | None]

    def read(self, body: bytes, answer: Answer, max_bytes: int) -> Parsed:
        """The rows of a gzipped page; ``answer`` is what is known around it."""
        rows = self._rows(decoded(body, max_bytes))
        return self.parse(replace(answer, rows=rows)) if rows else Parsed(rows_in=0, notes=("no_rows",))

    def _rows(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        message = self.error(document) if isinstance(document, dict) else None
        if message is not None:
            raise Unreadable("api_error", message)
        raise Unreadable("not_a_list", document)
