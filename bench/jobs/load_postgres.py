"""load's own path: COPY alone, a first load of a part, the same part again."""

from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi

from bench.measure import read_arguments, report_numbers
from bench.postgres_usage import usage
from coinlake.keys import Partition
from coinlake.tables import refined
from load.ddl import SinkTable
from load.planning import TablePartition
from load.targets import Part
from load.targets.postgres import Postgres

PLACE = TablePartition("candles", Partition.month("2026-11", interval="1h"))

if __name__ == "__main__":
    task = read_arguments()
    pa.set_cpu_count(1)
    rows = pq.read_table(Path(task["part"]))
    table, schema = SinkTable.of(refined()["candles"]), f"bench_{uuid4().hex[:8]}"
    target = Postgres(lambda: dbapi.connect(task["url"]), schema)
    observer = dbapi.connect(task["url"], autocommit=True)

    def wal_bytes() -> int:
        with observer.cursor() as cursor:
            cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
            return int(cursor.fetchone()[0])

    def again(etag: str) -> None:
        target.load(table, PLACE, lambda _: Part(etag, rows))

    target.prepare([table])
    with dbapi.connect(task["url"]) as bare, bare.cursor() as cursor, usage(task["pid"], wal_bytes) as copied:
        cursor.adbc_ingest("bare", rows, mode="create", temporary=True)
    with usage(task["pid"], wal_bytes) as first:
        again("first")
    again("second")  # since the first load each page was written once, for the server's checkpoints
    with usage(task["pid"], wal_bytes) as unchanged:
        again("third")
    target.close()
    with observer.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
    observer.close()
    report_numbers(
        copy_seconds=copied.seconds,
        first_seconds=first.seconds,
        first_wal_mb=first.wal_mb,
        again_seconds=unchanged.seconds,
        again_wall_seconds=unchanged.wall_seconds,
        again_wal_mb=unchanged.wal_mb,
    )
