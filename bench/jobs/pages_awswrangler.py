"""A small page as most write it: pandas, and awswrangler's dataset with its table in the Glue catalog."""

import gzip
import json
from typing import Any

import awswrangler
import pandas as pd

from bench.jobs.pages_floor import CANDLE, measure
from bench.server import LAKE, RAW


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
    measure(run)
