"""Answers (pages, windows, archives) to Parquet on S3 through awswrangler: the only file that knows it.

Imported when the first answer is written: with pandas it takes 0.3 s and 50 MB, which live frames never need.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import awswrangler
import pandas as pd
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from coinlake import parquet
from coinlake.errors import StoreUnavailable
from coinlake.stores import error_code
from coinlake.tables import Table

_KEPT_PARTS: Final = 2
# awswrangler infers the type of any other column from a one-column data frame, 0.5 ms for each.
_KNOWN_TO_AWSWRANGLER: Final = {
    pa.string(): pd.StringDtype("pyarrow"),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def write(s3: Any, bucket: str, key: str, table: Table, rows: pa.Table) -> None:
    """Write the rows to one key at once: one PUT, or above 5 MB, awswrangler's limit, one multipart upload.

    ``StoreUnavailable`` where S3 fails. ``rows`` are used up: touching them again crashes.
    """
    path, schema, session = f"s3://{bucket}/{key}", rows.schema, _Upload(s3)
    try:
        awswrangler.s3.to_parquet(
            df=rows.to_pandas(types_mapper=_pandas_type, split_blocks=True, self_destruct=True),
            path=path,
            index=False,
            compression=parquet.COMPRESSION,
            dtype={
                field.name: f"decimal({field.type.precision},{field.type.scale})"
                for field in schema
                if pa.types.is_decimal128(field.type)
            },
            pyarrow_additional_kwargs={
                **parquet.writer_settings(table, schema),
                "write_table_args": {"row_group_size": parquet.ROW_GROUP_ROWS},
            },
            use_threads=False,
            boto3_session=session,
        )
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(f"could not put {path}: {error_code(error)}") from error
    finally:
        session.over = True


@dataclass(slots=True)
class _Upload:
    """The session, and the client, that awswrangler is given for one write.

    It asks its session for a new client, with a TLS pool of its own, for each write: here it gets
    this one. And it repeats a failed write when its file object is collected, some time later: by then
    the write is ``over``, the failure has been raised and the message is on its way back.

    The file's footer names the writer that all files name. Of an upload in parts, the last two are kept back
    for that: all but the last have 5 MB, so the footer is in them. ``parts`` are what S3 has.
    """

    s3: Any
    over: bool = False
    kept: dict[int, bytes] = field(default_factory=dict)
    parts: dict[int, str] = field(default_factory=dict)

    def client(self, **_: Any) -> Self:
        return self

    def put_object(self, *, Body: bytes, **options: Any) -> Any:  # noqa: N803 - boto3's names
        return self.__getattr__("put_object")(Body=parquet.with_writer(bytes(Body)), **options)

    def upload_part(self, *, Body: bytes, PartNumber: int, **upload: Any) -> dict[str, Any]:  # noqa: N803
        self.kept[PartNumber] = bytes(Body)
        if len(self.kept) > _KEPT_PARTS:
            first = min(self.kept)
            self._upload(first, self.kept[first], upload)
            del self.kept[first]  # once S3 has it, for awswrangler repeats a call that fails
        return {"ETag": f"part {PartNumber}"}

    def complete_multipart_upload(self, *, MultipartUpload: Any, **upload: Any) -> Any:  # noqa: ARG002, N803
        if self.kept:
            last = b"".join(self.kept[number] for number in sorted(self.kept))
            self._upload(min(self.kept), parquet.with_writer(last), upload)
            self.kept.clear()
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in self.parts.items()]
        return self.__getattr__("complete_multipart_upload")(MultipartUpload={"Parts": parts}, **upload)

    def _upload(self, number: int, body: bytes, upload: Mapping[str, Any]) -> None:
        answer = self.__getattr__("upload_part")(Body=body, PartNumber=number, **upload)
        self.parts[number] = answer.get("ETag", "")

    def __getattr__(self, operation: str) -> Any:
        return _nothing if self.over else getattr(self.s3, operation)


def _nothing(**_: Any) -> dict[str, Any]:
    return {}


def _pandas_type(kind: pa.DataType) -> Any:
    return _KNOWN_TO_AWSWRANGLER.get(kind) or pd.ArrowDtype(kind)
