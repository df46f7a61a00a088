"""A stored raw object to typed rows: pure, and never raising over what the object holds."""

from datetime import datetime

from coinlake.errors import BadConfiguration
from coinlake.intervals import parse_utc
from coinlake.keys import RawKey
from coinlake.stores import StoredObject
from transform.model import AssetMap, ParsedObject, RawDocument, Unreadable
from transform.parsers import reader_of


def parse(stored: StoredObject, key: RawKey, assets: AssetMap, max_bytes: int) -> ParsedObject:
    """The object's rows and rejections; ``max_bytes`` caps it once it is unpacked."""
    document = RawDocument(
        key=key,
        received_at=received_at(stored),
        assets=assets,
        url=stored.metadata.get("url", ""),
    )
    try:
        reader = reader_of(key.source, key.dataset)
        if reader is None or key.ext != reader.ext:
            raise Unreadable("no_parser", f"{key.source} {key.dataset} {key.ext}")
        return reader.read(stored.body, document, max_bytes)
    except Unreadable as unreadable:
        return ParsedObject.unreadable(unreadable.rejection)


def received_at(stored: StoredObject) -> datetime:
    """When ingest had received the whole response; for an object from elsewhere, when it was stored."""
    try:
        return parse_utc(stored.metadata["fetched_at"])
    except (KeyError, BadConfiguration):
        return stored.modified
