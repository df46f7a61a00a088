"""What follows from a month of minutes of many markets: longer candles, then every derived table.

By the Spark job's code, in pieces, or by refine's pipeline, as the function does it for one new file. Memory
is what this process ever held.
"""

import json
import os
from collections import defaultdict
from typing import Any

import pyarrow as pa

from bench.history import MINUTES, minute_file
from bench.jobs.spark_blocks import Laps, environment, expect
from bench.measure import read_arguments, report_numbers
from coinlake.clients import client
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from refine.partitions import RefinedZone, TrustedFiles
from refine.pipeline import MergeTask, Pipeline, plan_longer
from spark.derived import derive
from spark.refined import Part, waves, written
from spark.report import Tally
from spark.stages import JobSettings, stages


class Ignored:
    """An accumulator whose sum nobody reads."""

    def add(self, _: int) -> None:
        pass


def by_job() -> None:
    settings = JobSettings.from_json(json.dumps(environment()))
    merges = defaultdict(MergeTask, {MINUTES: MergeTask()})
    plan_longer(merges)
    parts = [Part(part, [], merge.shorter) for part, merge in merges.items() if part != MINUTES]
    for wave in waves(parts):
        for _, tally in written(settings, True, Ignored(), Ignored(), wave):
            expect("longer candles that failed", tally.faults, [])
    tally = Tally()
    derive(stages(settings).refined, set(merges), tally)
    expect("derived tables that failed", tally.faults, [])


def by_refine() -> None:
    lake = ObjectStore(client("s3"), environment()["LAKE_BUCKET"])
    key, body = minute_file()
    lake.put(key, body)
    message = Message("one", created_event(ObjectRef(lake.bucket, key)), "")
    expect(
        "failed",
        Pipeline(lake.bucket, TrustedFiles(lake), RefinedZone(lake)).process([message]).failed,
        set(),
    )


def run(task: dict[str, Any]) -> None:
    os.environ["AWS_ENDPOINT_URL"] = task["endpoint"]
    laps = Laps()
    by_job() if task["by_job"] else by_refine()
    report_numbers(seconds=laps.lap())


if __name__ == "__main__":
    pa.set_cpu_count(1)
    run(read_arguments())
