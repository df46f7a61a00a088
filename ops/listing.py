"""Listing a bucket with what S3 tells beside the keys: size and etag."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coinlake.stores import ObjectStore


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a listing shows it; ``etag`` is without quotes, ``size`` in bytes."""

    key: str
    size: int
    etag: str


def entries(store: ObjectStore, prefix: str) -> Iterator[Entry]:
    """Every object under ``prefix``, in key order, a page of 1,000 at a time."""
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=store.bucket, Prefix=prefix)
    for page in pages:
        yield from (_entry(found) for found in page.get("Contents", ()))


def _entry(found: dict[str, Any]) -> Entry:
    return Entry(found["Key"], found["Size"], found["ETag"].strip('"'))
