"""Parquet on S3 through awswrangler, the only file that knows it."""

from dataclasses import dataclass
from typing import Any, Final, Self

import awswrangler
import pandas as pd
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from coinlake import parquet
from coinlake.errors import StoreUnavailable
from coinlake.stores import error_code
from coinlake.tables import tables

# awswrangler infers the type of any other column from a one-column data frame, 0.5 ms for each.
_KNOWN_TO_AWSWRANGLER: Final = {
    pa.string(): pd.StringDtype("pyarrow"),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


@dataclass(frozen=True, slots=True)
class ParquetWriter:
    """Writes a table's rows to one key of ``bucket`` at once; equal rows give equal bytes.

    One PUT, or above 5 MB, awswrangler's limit, one multipart upload: half an object is never visible.
    """

    s3: Any
    bucket: str

    def write(self, key: str, table: str, rows: pa.Table) -> None:
        """``StoreUnavailable`` where S3 fails. ``rows`` are used up: touching them again crashes."""
        path, schema, session = f"s3://{self.bucket}/{key}", rows.schema, _SingleUseSession(self.s3)
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
                    **parquet.writer_settings(tables()[table], schema),
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
class _SingleUseSession:
    """The session, and the client, that awswrangler is given for one write.

    It asks its session for a new client, with a TLS pool of its own, for each write: here it gets
    this one. And it repeats a failed write when its file object is collected, some time later: by then
    the write is ``over``, the failure has been raised and the message is on its way back.
    """

    s3: Any
    over: bool = False

    def client(self, **_: Any) -> Self:
        return self

    def __getattr__(self, operation: str) -> Any:
        return _nothing if self.over else getattr(self.s3, operation)


def _nothing(**_: Any) -> dict[str, Any]:
    return {}


def _pandas_type(kind: pa.DataType) -> Any:
    return _KNOWN_TO_AWSWRANGLER.get(kind) or pd.ArrowDtype(kind)
