"""Listing a bucket with the size and etag that S3 returns beside each key."""

from collections.abc import Iterator
from dataclasses import dataclass

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
        for item in page.get("Contents", ()):
            yield Entry(item["Key"], item["Size"], item["ETag"].strip('"'))
