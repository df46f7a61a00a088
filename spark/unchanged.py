"""An S3 client that leaves out a PUT of what is there already: each would be an event that refine and notify,
and whoever else listens, must work through for nothing."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError

from coinlake.keys import QUARANTINE, TRUSTED

ZONES: Final = (TRUSTED, QUARANTINE)  # whose PUTs are events; refine compares by itself
_NOT_MD5: Final = ("aws:kms", "aws:kms:dsse")


@dataclass(slots=True)
class UnchangedPuts:
    """boto3's client ``s3`` for several threads; ``puts`` counts what was ``written`` and ``unchanged``.

    An upload in parts is put together here and becomes one PUT, so its file is in memory twice.
    """

    s3: Any
    puts: Counter[str] = field(default_factory=Counter)
    uploads: dict[str, tuple[Mapping[str, Any], dict[int, bytes]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.s3, operation)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **options: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if not Key.startswith(ZONES):
            answer: dict[str, Any] = self.s3.put_object(Bucket=Bucket, Key=Key, Body=Body, **options)
            return answer
        etag = f'"{_md5(Body)}"'
        is_there = self._is_there(Bucket, Key, bytes(Body), etag)
        if not is_there:
            self.s3.put_object(Bucket=Bucket, Key=Key, Body=Body, **options)
        with self.lock:
            self.puts["unchanged" if is_there else "written"] += 1
        return {"ETag": etag}

    def create_multipart_upload(self, **options: Any) -> dict[str, Any]:
        upload = uuid4().hex
        self.uploads[upload] = (options, {})
        return {"UploadId": upload}

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.uploads[UploadId][1][PartNumber] = bytes(Body)
        return {"ETag": f'"{_md5(Body)}"'}

    def complete_multipart_upload(self, *, UploadId: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        options, parts = self.uploads.pop(UploadId)
        return self.put_object(Body=b"".join(parts[number] for number in sorted(parts)), **options)

    def abort_multipart_upload(self, *, UploadId: str, **_: Any) -> None:  # noqa: N803
        self.uploads.pop(UploadId, None)

    def _is_there(self, bucket: str, key: str, body: bytes, etag: str) -> bool:
        """The etag tells, but of objects that went up in parts or are encrypted with a key of KMS: these are
        read, if their size is right. Source: Amazon S3 API Reference, "Object", ETag."""
        try:
            head = self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":
                return False
            raise
        if head["ContentLength"] != len(body):
            return False
        if "-" not in head["ETag"] and head.get("ServerSideEncryption") not in _NOT_MD5:
            return bool(head["ETag"] == etag)
        return bool(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body)


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
