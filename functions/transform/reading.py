"""A stored raw object to typed rows: pure, and never raising over what the object holds."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from coinlake.errors import BadConfiguration
from coinlake.feeds import owner
from coinlake.intervals import parse_utc
from coinlake.keys import RawKey
from coinlake.stores import StoredObject
from transform.parsed import Answer, Parsed, Unreadable
from transform.parsers import PARSERS

SymbolOf = Callable[[str, str], str]


def read(stored: StoredObject, key: RawKey, symbol_of: SymbolOf, max_bytes: int) -> Parsed:
    """Everything that becomes of the object; ``symbol_of`` maps a source and its id to a symbol."""
    parser = PARSERS.get((key.source, key.dataset))
    answer = Answer(
        key=key,
        received_at=received_at(stored),
        symbol=partial(symbol_of, owner(key.source)),
        url=stored.metadata.get("url", ""),
    )
    try:
        if parser is None or key.ext != parser.ext:
            raise Unreadable("no_parser", f"{key.source} {key.dataset} {key.ext}")
        return parser.read(stored.body, answer, max_bytes)
    except Unreadable as unreadable:
        return Parsed.unreadable(unreadable.rejection)


def received_at(stored: StoredObject) -> datetime:
    """When ingest had the whole answer; for an object from elsewhere, when it was stored."""
    try:
        return parse_utc(stored.metadata["fetched_at"])
    except (KeyError, BadConfiguration):
        return stored.modified
