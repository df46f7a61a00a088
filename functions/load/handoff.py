"""Immutable copies of parts, for warehouses that fetch files themselves.

refine replaces a part at its key, while a warehouse reads whatever lies there at that moment, or remembers a
name and ignores its new content. So each copy has a name of its own, in which the number orders them; it
expires after a week.

pk                sk                    attributes
load#<warehouse>  <table>/<partition>   number: of the last copy that was begun
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import PreconditionFailed, StoreUnavailable
from coinlake.items import deserialize, serialize
from coinlake.keys import HandoffKey
from coinlake.parquet import CONTENT_TYPE, ROW_GROUP_ROWS
from coinlake.stores import ObjectStore, error_code
from coinlake.tables import TIMESTAMP
from load.planning import TablePartition

_WITHOUT_ZONE: Final = pa.timestamp("us")


@dataclass(frozen=True, slots=True)
class Handoff:
    """The copies of one warehouse. Every fault of AWS becomes a ``StoreUnavailable``."""

    lake: ObjectStore
    dynamodb: Any = field(repr=False)
    state_table: str
    warehouse: str
    zoned: bool = False  # whether times say that they are UTC: see ``encode``

    def item_key(self, place: TablePartition) -> dict[str, str]:
        """The key of a partition's item in the state table."""
        return {"pk": f"load#{self.warehouse}", "sk": str(place)}

    def claim(self, place: TablePartition, above: int = 0) -> int:
        """The next copy's number, higher than all before, whoever asks, and than ``above``.

        To be claimed *before* the part is read: claimed after it, a part that was read earlier could get the
        higher number. ``above`` is the number that the warehouse itself holds: the count is gone where the
        stack was made anew.
        """
        number = self._count(place, 1)
        return number if number > above else self._count(place, above - number + 1)

    def write(self, place: TablePartition, number: int, etag: str, rows: pa.Table) -> str:
        """Write the copy with the claimed ``number``, of ``rows`` with the file's columns; its key."""
        key = str(HandoffKey(self.warehouse, place.table, place.partition, number, etag))
        # A number is claimed once: where the key is taken this call was sent again after a late answer.
        with suppress(PreconditionFailed):
            self.lake.put(key, encode(rows, zoned=self.zoned), content_type=CONTENT_TYPE, IfNoneMatch="*")
        return key

    def _count(self, place: TablePartition, step: int) -> int:
        try:
            response = self.dynamodb.update_item(
                TableName=self.state_table,
                Key=serialize(self.item_key(place)),
                UpdateExpression="ADD #number :step",
                ExpressionAttributeNames={"#number": "number"},  # a reserved word
                ExpressionAttributeValues=serialize({":step": step}),
                ReturnValues="UPDATED_NEW",
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not number a copy of {place}: {error_code(error)}") from error
        return int(deserialize(response["Attributes"])["number"])


def encode(rows: pa.Table, *, zoned: bool = False) -> bytes:
    """Parquet that the oldest readers take: format 1.0, plain or dictionary, Snappy, decimals as byte arrays.

    Times are microseconds in UTC. Without ``zoned`` they say that they have no time zone, for the columns
    that they go into have none: a reader must not move them into the zone of its session. ``zoned`` ones say
    that they are UTC; only these have the type's older name too (TIMESTAMP_MICROS), without which Redshift
    cannot read them (https://github.com/apache/arrow/issues/38000).
    Source: Snowflake documentation, "CREATE FILE FORMAT" (files of Parquet writer v1); Amazon Redshift
    Database Developer Guide, "COPY from columnar data formats".
    """
    moments = TIMESTAMP if zoned else _WITHOUT_ZONE
    plain = pa.schema(
        field.with_type(moments) if pa.types.is_timestamp(field.type) else field for field in rows.schema
    )
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows.cast(plain),
        sink,
        row_group_size=ROW_GROUP_ROWS,
        version="1.0",
        data_page_version="1.0",
        compression="snappy",
        coerce_timestamps="us",
        store_decimal_as_integer=False,
        store_schema=False,
    )
    return bytes(sink.getvalue())


def with_partition(rows: pa.Table, place: TablePartition) -> pa.Table:
    """``rows`` and then the partition's columns, which in the lake only the path has."""
    for name, value in place.partition.levels.items():
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    return rows
