"""A small page as most write it: pandas, and awswrangler's dataset with its table in the Glue catalog."""

import gzip
import json
import os
import statistics
from typing import Any

import awswrangler
import pandas as pd
import pyarrow as pa

from bench.jobs.pages_floor import CANDLE
from bench.measure import clock, read_arguments, report_numbers
from bench.server import LAKE, RAW
from coinlake.clients import client


def run(s3: Any, key: str) -> None:
    rows = json.loads(gzip.decompress(s3.get_object(Bucket=RAW, Key=key)["Body"].read()))
    frame = pd.DataFrame(rows, columns=None if isinstance(rows[0], dict) else CANDLE)
    awswrangler.s3.to_parquet(
        df=frame.dropna(axis="columns", how="all"),  # a column of nulls has no type
        path=f"s3://{LAKE}/dataset/",
        dataset=True,
        database="bench",
        table="pages",
        mode="append",
        compression="zstd",
        use_threads=False,
    )


if __name__ == "__main__":
    task = read_arguments()
    pa.set_cpu_count(1)
    os.environ["AWS_ENDPOINT_URL"] = task["endpoint"]
    s3, times = client("s3"), []
    for _ in range(task["times"]):
        with clock() as seconds:
            run(s3, task["key"])
        times.append(seconds[0])
    report_numbers(milliseconds=1000 * statistics.median(times))
