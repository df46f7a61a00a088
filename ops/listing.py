"""Listing a bucket with the size and etag that S3 returns beside each key."""

from collections.abc import Iterator

from coinlake.stores import Entry, ObjectStore

__all__ = ["Entry", "entries"]


def entries(store: ObjectStore, prefix: str) -> Iterator[Entry]:
    """Every object under ``prefix``, in key order, a page of 1,000 at a time."""
    return store.entries(prefix)
