"""A lake bucket whose chosen zones lie in a folder here: what is computed anew touches nothing real.

The calls of boto3's S3 client, as far as the stages make them; reads of other zones go to the real
bucket, writes to them are refused.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

_NOW: Final = datetime(2020, 1, 1, tzinfo=UTC)  # nothing here asks for a real one


@dataclass(frozen=True, slots=True)
class ScratchBucket:
    """The client of the real bucket, but for ``zones`` (prefixes), which lie under ``folder``."""

    real: Any
    folder: Path
    zones: tuple[str, ...]
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def paths(self, prefix: str = "") -> list[str]:
        """The keys under ``prefix`` that lie here, in order."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        keys = (path.relative_to(self.folder).as_posix() for path in paths)
        return sorted(key for key in keys if key.startswith(prefix))

    def body(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if not self._here(Key):
            response: dict[str, Any] = self.real.get_object(Bucket=Bucket, Key=Key)
            return response
        body = self._stored_body(Key, "GetObject")
        return {**self._head(Key, body), "ContentLength": len(body), "Body": BytesIO(body)}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if not self._here(Key):
            response: dict[str, Any] = self.real.head_object(Bucket=Bucket, Key=Key)
            return response
        return self._head(Key, self._stored_body(Key, "HeadObject"))

    def put_object(self, *, Key: str, Body: bytes, **options: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """One process writes here, so conditions always hold."""
        if not self._here(Key):
            raise _refused("AccessDenied", "PutObject")
        path = self.folder / Key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Body)
        self.metadata[Key] = options.get("Metadata", {})
        return {"ETag": _etag(Body)}

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: ARG002, N803 - boto3's names
        if not self._here(Key):
            raise _refused("AccessDenied", "DeleteObject")
        (self.folder / Key).unlink(missing_ok=True)

    def create_multipart_upload(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.uploads[Key] = {}
        return {"UploadId": Key}

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.uploads[UploadId][PartNumber] = bytes(Body)
        return {"ETag": _etag(Body)}

    def complete_multipart_upload(self, *, Key: str, UploadId: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        parts = self.uploads.pop(UploadId)
        return self.put_object(Key=Key, Body=b"".join(parts[number] for number in sorted(parts)))

    def get_paginator(self, operation: str) -> Any:
        return _Pages(self, operation)

    def _here(self, key: str) -> bool:
        return key.startswith(self.zones)

    def _stored_body(self, key: str, operation: str) -> bytes:
        try:
            return self.body(key)
        except FileNotFoundError:
            raise _refused("NoSuchKey", operation) from None

    def _head(self, key: str, body: bytes) -> dict[str, Any]:
        return {"ETag": _etag(body), "Metadata": self.metadata.get(key, {}), "LastModified": _NOW}


@dataclass(frozen=True, slots=True)
class _Pages:
    scratch: ScratchBucket
    operation: str

    def paginate(self, **query: str) -> Iterator[dict[str, Any]]:
        if not query["Prefix"].startswith(self.scratch.zones):
            yield from self.scratch.real.get_paginator(self.operation).paginate(**query)
            return
        keys = self.scratch.paths(query["Prefix"])
        yield {"Contents": [{"Key": key, "LastModified": _NOW} for key in keys]}


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, operation)
