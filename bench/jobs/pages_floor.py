"""The least that makes Parquet of a page: get, gunzip, orjson, pyarrow, put; floats, nothing checked."""

import gzip
import io
import statistics
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measure import clock, read_arguments, report_numbers
from bench.server import LAKE, RAW, Server

CANDLE = ("time", "low", "high", "open", "close", "volume")


def table(rows: list[Any]) -> pa.Table:
    if isinstance(rows[0], dict):
        return pa.Table.from_pylist(rows)
    return pa.table(dict(zip(CANDLE, map(list, zip(*rows, strict=True)), strict=True)))


def run(s3: Any, key: str) -> None:
    rows = orjson.loads(gzip.decompress(s3.get_object(Bucket=RAW, Key=key)["Body"].read()))
    sink = io.BytesIO()
    pq.write_table(table(rows), sink, compression="zstd")
    s3.put_object(Bucket=LAKE, Key="floor.parquet", Body=sink.getvalue())


if __name__ == "__main__":
    task = read_arguments()
    pa.set_cpu_count(1)
    s3, times = Server(task["endpoint"]).client(), []
    for _ in range(task["times"]):
        with clock() as seconds:
            run(s3, task["key"])
        times.append(seconds[0])
    report_numbers(milliseconds=1000 * statistics.median(times))
