"""DuckDB on the same object: read_json → COPY as exact decimals, zstd; S3 to S3 through files.

It reads what the table has, keeps the order of the lines unless told to do what we do: to sort, and to keep
one row of each key. It checks nothing.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from bench.measure import clock, read_arguments, report_numbers
from bench.server import LAKE, RAW, Server

# Of "e" and "E", one name to DuckDB, only the second is read.
FIELDS = '"E" BIGINT, s VARCHAR, ' + ", ".join(
    f"{name} DECIMAL({digits},8)" for name, digits in zip("cohlvq", (18, 18, 18, 18, 28, 28), strict=True)
)
ALIKE = """
  QUALIFY row_number() OVER (PARTITION BY stream, event_time) = 1 ORDER BY raw_symbol, event_time, stream
"""
QUERY = """
COPY (
  SELECT 'binance' AS source, frame.stream AS stream, frame.data.s AS raw_symbol,
    make_timestamp(frame.data."E" * 1000) AS event_time, frame.data.o AS open, frame.data.h AS high,
    frame.data.l AS low, frame.data.c AS close, frame.data.v AS volume, frame.data.q AS quote_volume,
    make_timestamp(received_at) AS received_at, '{key}' AS raw_key
  FROM read_json('{source}', format = 'newline_delimited', compression = 'gzip',
    columns = {{received_at: 'BIGINT', frame: 'STRUCT(stream VARCHAR, data STRUCT({fields}))'}})
  {alike}
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
"""


def copied(s3: Any, connection: duckdb.DuckDBPyConnection, task: dict[str, Any], folder: Path) -> int:
    """Bytes of the Parquet object."""
    source, target = folder / "in.jsonl.gz", folder / "out.parquet"
    with source.open("wb") as file:
        shutil.copyfileobj(s3.get_object(Bucket=RAW, Key=task["key"])["Body"], file)
    alike = ALIKE if task.get("alike") else ""
    connection.execute(
        QUERY.format(source=source, target=target, key=task["key"], fields=FIELDS, alike=alike)
    )
    with target.open("rb") as file:
        s3.put_object(Bucket=LAKE, Key="duckdb.parquet", Body=file)
    return target.stat().st_size


if __name__ == "__main__":
    task = read_arguments()
    s3 = Server(task["endpoint"]).client()
    connection = duckdb.connect(config={"threads": 1})
    with tempfile.TemporaryDirectory() as folder, clock() as seconds:
        size = copied(s3, connection, task, Path(folder))
    if "pyarrow" in sys.modules:
        raise RuntimeError("the peer must not pay for our libraries")
    report_numbers(seconds=seconds[0], bytes=size)
