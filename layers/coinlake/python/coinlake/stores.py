"""S3 as the stages use it. The only file of the layer that speaks to S3."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from coinlake.errors import NotFound, PreconditionFailed, StoreUnavailable, TooLarge, WriteConflict

GZIP_LEVEL: Final = 6  # level 9, the default, is five times slower for 3% (docs/performance.md)
_MISSING: Final = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object with its body, or after ``head`` without. ``etag`` is without quotes."""

    body: bytes
    etag: str
    metadata: Mapping[str, str]
    modified: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a listing shows it; ``etag`` is without quotes, ``size`` in bytes."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """One bucket. Every fault of AWS becomes a ``StoreUnavailable`` that a retry may heal."""

    client: Any
    bucket: str

    def get(self, key: str, max_bytes: int) -> StoredObject:
        """The object; ``NotFound`` if it is gone, ``TooLarge`` before reading past the cap."""
        try:
            response = self.client.get_object(Bucket=self.bucket, Key=key)
            if response["ContentLength"] > max_bytes:
                response["Body"].close()
                size = f"{response['ContentLength']} bytes, more than the limit of {max_bytes}"
                raise TooLarge(f"s3://{self.bucket}/{key} has {size}")
            return _stored(response, response["Body"].read())
        except (ClientError, BotoCoreError, HTTPClientError) as error:
            raise self._translated("get", key, error) from error

    def head(self, key: str) -> StoredObject:
        """The object without its body; ``NotFound`` where there is none."""
        try:
            return _stored(self.client.head_object(Bucket=self.bucket, Key=key), b"")
        except (ClientError, BotoCoreError) as error:
            raise self._translated("head", key, error) from error

    def put(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        metadata: Mapping[str, str] | None = None,
        **conditions: str,
    ) -> None:
        """Write the object. The rule of conditional writes: a 412 (``PreconditionFailed``) means that
        another writer was first, so the caller reads what is there instead of trying the same write again.

        ``IfNoneMatch="*"`` gets a 412 where the key is taken; ``IfMatch`` an etag where another object
        took the place of that one, and ``NotFound`` where none is left. A 409 (``WriteConflict``) is
        another writer at this moment: read again, then write.
        """
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
                **conditions,
            )
        except (ClientError, BotoCoreError) as error:
            raise self._translated("put", key, error) from error

    def delete(self, key: str) -> None:
        """Delete the object; deleting what is gone is no error."""
        try:
            self.client.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise self._translated("delete", key, error) from error

    def keys(
        self,
        prefix: str,
        written_before: datetime | None = None,
        written_after: datetime | None = None,
        start_after: str = "",
    ) -> Iterator[str]:
        """All keys under ``prefix`` that sort after ``start_after``, in order.

        Only of older, or newer, objects where a time is given.
        """
        for page in self._pages(Prefix=prefix, StartAfter=start_after):
            for entry in page.get("Contents", ()):
                old = written_before is None or entry["LastModified"] < written_before
                if old and (written_after is None or entry["LastModified"] > written_after):
                    yield entry["Key"]

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Every object under ``prefix``, in key order, a page of 1,000 at a time."""
        for page in self._pages(Prefix=prefix):
            for item in page.get("Contents", ()):
                yield Entry(item["Key"], item["Size"], item["ETag"].strip('"'))

    def etags(self, prefix: str) -> dict[str, str]:
        """The etag, without quotes, of every key under ``prefix``."""
        pages = self._pages(Prefix=prefix)
        return {
            entry["Key"]: entry["ETag"].strip('"') for page in pages for entry in page.get("Contents", ())
        }

    def folders(self, prefix: str) -> list[str]:
        """The prefixes one level below ``prefix``, each ending in ``/``."""
        return [
            entry["Prefix"]
            for page in self._pages(Prefix=prefix, Delimiter="/")
            for entry in page.get("CommonPrefixes", ())
        ]

    def _pages(self, **query: str) -> Iterator[dict[str, Any]]:
        try:
            yield from self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, **query)
        except (ClientError, BotoCoreError) as error:
            raise self._translated("list", query["Prefix"], error) from error

    def _translated(self, verb: str, key: str, error: Exception) -> Exception:
        code = error_code(error)
        place = f"s3://{self.bucket}/{key}"
        if code in _MISSING:
            return NotFound(f"{place} does not exist")
        if code == "PreconditionFailed":  # 412
            return PreconditionFailed(f"{place} exists or was replaced")
        if code == "ConditionalRequestConflict":  # 409
            return WriteConflict(f"another writer is writing {place} at this moment")
        return StoreUnavailable(f"could not {verb} {place}: {code}")


def error_code(error: Exception) -> str:
    """What botocore says went wrong: AWS's own code, or the kind of a fault on the way to it."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def compressed(body: bytes) -> bytes:
    """Gzip without name or time, so that equal bodies have equal bytes."""
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _stored(response: Mapping[str, Any], body: bytes) -> StoredObject:
    return StoredObject(body, response["ETag"].strip('"'), response["Metadata"], response["LastModified"])
