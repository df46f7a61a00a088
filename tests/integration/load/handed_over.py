"""The lake and what Snowflake is handed of it, in an empty account of moto's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake import parquet
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from load.ddl import SinkTable
from load.handoff import Handoff
from load.planning import TablePartition
from load.stage import Load
from load.targets.snowflake import Snowflake

REPORT = "handoff/reports/snowflake/loads.csv"


@dataclass
class Account:
    """The lake, what Snowflake is handed of it, and a clock; Snowflake itself is the test's word."""

    s3: Any
    dynamodb: Any
    tables: tuple[str, ...] = ("quotes", "latest")
    time: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=1))

    def target(self) -> Snowflake:
        handoff = Handoff(ObjectStore(self.s3, "lake"), self.dynamodb, "state", "snowflake")
        return Snowflake(handoff, lambda: self.time)

    def stage(self, target: Snowflake | None = None) -> Load:
        sinks = {name: SinkTable.of(refined()[name]) for name in self.tables}
        return Load(ObjectStore(self.s3, "lake"), target or self.target(), sinks, lambda: 0.0)

    def run(self, **event: Any) -> dict[str, Any]:
        return self.stage().handle({"load": "now", "by_hand": True, **event}, 900)

    def put(self, place: TablePartition, *rows: dict[str, Any]) -> None:
        table = refined()[place.table]
        whole = [{name: row.get(name) for name in table.schema.names} for row in rows]
        body = parquet.encode(table, pa.Table.from_pylist(whole, table.schema))
        self.s3.put_object(Bucket="lake", Key=place.key, Body=body)

    def delete(self, place: TablePartition) -> None:
        self.s3.delete_object(Bucket="lake", Key=place.key)

    def copies(self) -> dict[str, pa.Table]:
        """What was handed over, in the order of the numbers."""
        listed = self.s3.list_objects_v2(Bucket="lake", Prefix="handoff/snowflake/").get("Contents", ())
        keys = sorted((entry["Key"] for entry in listed), key=lambda key: key.rpartition("/")[2])
        bodies = (self.s3.get_object(Bucket="lake", Key=key)["Body"].read() for key in keys)
        return {key: pq.read_table(pa.BufferReader(body)) for key, body in zip(keys, bodies, strict=True)}

    def report(self, *, without: str = "nothing", wrong: str = "nothing") -> None:
        """Snowflake's report, as if it held the newest copy of each partition, but of the two named."""
        held = {}
        for key, rows in self.copies().items():
            table, *levels = key.removeprefix("handoff/snowflake/").split("/")[:-1]
            first, where = rows.slice(0, 1).to_pylist()[0], "/".join(levels)
            if without not in key:
                numbers = [
                    first["part_version"],
                    first["part_rows"],
                    int(first["part_hash"]) + (wrong in key),
                ]
                held[table, where] = ",".join(f'"{value}"' for value in [table, where, *numbers])
        text = "\n".join(["TABLE_NAME,PARTITION,VERSION,ROWS,HASH", *held.values(), ""])
        self.s3.put_object(Bucket="lake", Key=REPORT, Body=text.encode())
