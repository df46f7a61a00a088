"""The SHA-256 of what the environment's pyarrow writes, as JSON: a file of each table as refine writes it,
and as transform does, the largest in parts. Rows come as Arrow in the folder that is the argument."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from coinlake import parquet
from coinlake.keys import Partition
from coinlake.stores import ObjectStore
from coinlake.tables import tables
from transform.model import TableSlice
from transform.writer import ParquetWriter


class Bucket:
    """The calls that awswrangler makes to write one object."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}

    @property
    def body(self) -> bytes:
        return b"".join(self.parts[number] for number in sorted(self.parts))

    def put_object(self, *, Body: bytes, **_: Any) -> None:
        self.parts[1] = bytes(Body)

    def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        return {"UploadId": "one"}

    def upload_part(self, *, Body: bytes, PartNumber: int, **_: Any) -> dict[str, str]:
        self.parts[PartNumber] = bytes(Body)
        return {"ETag": str(PartNumber)}

    def complete_multipart_upload(self, *, MultipartUpload: Any, **_: Any) -> None:
        assert [part["PartNumber"] for part in MultipartUpload["Parts"]] == sorted(self.parts)


def main(folder: Path) -> None:
    written, parts = {}, 0
    for file in sorted(folder.iterdir()):
        with pa.OSFile(str(file)) as source:
            rows = pa.ipc.open_file(source).read_all()
        table = tables()[file.stem]
        written[f"{file.stem} by refine"] = digest(parquet.encode(table, rows))
        bucket = Bucket()
        part = TableSlice(file.stem, Partition("dt=2026-11-20"), rows)
        ParquetWriter(ObjectStore(bucket, "lake")).write("key", part)
        written[f"{file.stem} by transform"] = digest(bucket.body)
        parts = max(parts, len(bucket.parts))
    print(json.dumps({"pyarrow": pa.__version__, "written": written, "parts": parts}))


def digest(body: bytes) -> str:
    parquet.pq.read_table(pa.BufferReader(body))  # it is a file still
    assert parquet.pq.read_metadata(pa.BufferReader(body)).created_by == parquet.WRITER.decode()
    return hashlib.sha256(body).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
