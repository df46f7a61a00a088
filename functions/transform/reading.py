"""A stored raw object to typed rows: pure, and never raising over what the object holds."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from coinlake.errors import BadConfiguration
from coinlake.intervals import parse_utc
from coinlake.keys import RawKey
from coinlake.stores import StoredObject
from transform.parsed import Answer, Parsed, Parser, Unreadable
from transform.parsers import PARSERS
from transform.payload import decoded

SymbolOf = Callable[[str, str], str]


def read(stored: StoredObject, key: RawKey, symbol_of: SymbolOf, max_bytes: int) -> Parsed:
    """Everything that becomes of the object; ``symbol_of`` maps a source and its id to a symbol."""
    parser = PARSERS.get((key.source, key.dataset))
    try:
        if parser is None or key.ext != "json":
            raise Unreadable("no_parser", f"{key.source} {key.dataset} {key.ext}")
        rows = _rows(decoded(stored.body, max_bytes), parser)
        if not rows:
            return Parsed(rows_in=0, notes=("no_rows",))
        answer = Answer(
            rows=rows,
            key=key,
            received_at=received_at(stored),
            symbol=partial(symbol_of, key.source),
            url=stored.metadata.get("url", ""),
        )
        return parser.parse(answer)
    except Unreadable as unreadable:
        return Parsed.unreadable(unreadable.rejection)


def received_at(stored: StoredObject) -> datetime:
    """When ingest had the whole answer; for an object from elsewhere, when it was stored."""
    try:
        return parse_utc(stored.metadata["fetched_at"])
    except (KeyError, BadConfiguration):
        return stored.modified


def _rows(document: Any, parser: Parser) -> list[Any]:
    if isinstance(document, list):
        return document
    message = parser.error(document) if isinstance(document, dict) else None
    if message is not None:
        raise Unreadable("api_error", message)
    raise Unreadable("not_a_list", document)
