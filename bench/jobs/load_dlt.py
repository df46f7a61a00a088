"""dlt's fastest path on the same rows: Parquet by ADBC, appended; then replaced by delete-insert on its key.

Runs in dlt's own environment.
"""

import os
import tempfile
from uuid import uuid4

import dlt
import psycopg2
import pyarrow.parquet as pq

from bench.measure import read_arguments, report_numbers
from bench.postgres_usage import usage

KEY = ["source", "base", "quote", "open_time"]

if __name__ == "__main__":
    task = read_arguments()
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DLT_DATA_DIR"] = tempfile.mkdtemp(prefix="dlt-")
    rows = pq.read_table(task["part"])
    observer = psycopg2.connect(task["url"])
    observer.autocommit = True

    def wal_bytes() -> int:
        with observer.cursor() as cursor:
            cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
            return int(cursor.fetchone()[0])

    dataset = f"dlt_{uuid4().hex[:8]}"
    pipeline = dlt.pipeline(
        f"bench_{dataset}", destination=dlt.destinations.postgres(task["url"]), dataset_name=dataset
    )
    options = {"table_name": "candles", "loader_file_format": "parquet"}
    with usage(task["pid"], wal_bytes) as first:
        pipeline.run(rows, write_disposition="append", **options)
    merge = {"disposition": "merge", "strategy": "delete-insert"}
    with usage(task["pid"], wal_bytes) as again:
        pipeline.run(rows, write_disposition=merge, primary_key=KEY, **options)
    with observer.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{dataset}" CASCADE')
        cursor.execute(f'DROP SCHEMA IF EXISTS "{dataset}_staging" CASCADE')
    report_numbers(
        first_seconds=first.seconds,
        first_wal_mb=first.wal_mb,
        again_seconds=again.seconds,
        again_wall_seconds=again.wall_seconds,
        again_wal_mb=again.wal_mb,
    )
