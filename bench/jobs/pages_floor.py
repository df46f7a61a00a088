"""The least that makes Parquet of a page in the calls that we make, by the client that we use: get, gunzip,
orjson, pyarrow, put, and a put of a ledger entry; floats, nothing checked."""

import gzip
import io
import json
import os
import statistics
from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measure import clock, read_arguments, report_numbers
from bench.server import LAKE, RAW
from coinlake.clients import client

CANDLE = ("time", "low", "high", "open", "close", "volume")
LEDGER = json.dumps({"raw_key": "bench", "rows_in": 300, "outputs": ["floor.parquet"]}).encode()


def table(rows: list[Any]) -> pa.Table:
    if isinstance(rows[0], dict):
        return pa.Table.from_pylist(rows)
    return pa.table(dict(zip(CANDLE, map(list, zip(*rows, strict=True)), strict=True)))


def run(s3: Any, key: str) -> None:
    rows = orjson.loads(gzip.decompress(s3.get_object(Bucket=RAW, Key=key)["Body"].read()))
    sink = io.BytesIO()
    pq.write_table(table(rows), sink, compression="zstd")
    s3.put_object(Bucket=LAKE, Key="floor.parquet", Body=sink.getvalue())
    s3.put_object(
        Bucket=LAKE,
        Key="floor.json",
        Body=LEDGER,
        ContentType="application/json",
        Metadata={"raw-etag": "bench", "version": "bench"},
        IfNoneMatch="*",
    )


def measure(run: Callable[[Any, str], None]) -> None:
    """Let a peer write the page again and again, and report the median."""
    task = read_arguments()
    pa.set_cpu_count(1)
    os.environ["AWS_ENDPOINT_URL"] = task["endpoint"]
    s3, times = client("s3"), []
    for _ in range(task["times"]):
        with clock() as seconds:
            run(s3, task["key"])
        times.append(seconds[0])
    report_numbers(milliseconds=1000 * statistics.median(times))


if __name__ == "__main__":
    measure(run)
