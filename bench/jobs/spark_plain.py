"""The functions' code alone, as Lambda has it: transform object by object, refine some files at a time."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from bench.history import SYMBOL_DAY_ROWS
from bench.jobs.spark_blocks import Laps, environment, expect, serve
from bench.server import LAKE, RAW
from coinlake.clients import client
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import Entry, ObjectStore
from refine.partitions import RefinedZone, TrustedFiles
from refine.pipeline import Pipeline

FILES_AT_ONCE: Final = 20  # 1.7 million rows, in the memory of a function


def main() -> None:
    os.environ.update(environment(), AWS_ENDPOINT_URL=json.loads(sys.argv[1])["endpoint"])
    from transform.handler import stage  # noqa: PLC0415 - after the environment is set

    pa.set_cpu_count(1)
    transform, lake = stage(), ObjectStore(client("s3"), LAKE)
    pipeline = Pipeline(lake.bucket, TrustedFiles(lake), RefinedZone(lake))

    def work(entries: Sequence[Entry], trusted: Sequence[str]) -> Mapping[str, float]:
        laps, rows = Laps(), 0
        for entry in entries:
            ref = ObjectRef(RAW, entry.key, entry.size, entry.etag)
            rows += transform.process(created_event(ref)).rows_trusted
        seconds = laps.lap()
        expect("rows trusted", rows, len(entries) * SYMBOL_DAY_ROWS)
        messages = [Message(key, created_event(ObjectRef(lake.bucket, key)), "") for key in trusted]
        for start in range(0, len(messages), FILES_AT_ONCE):
            outcome = pipeline.process(messages[start : start + FILES_AT_ONCE])
            expect("files that failed", outcome.failed, set())
        return {"trusted_seconds": seconds, "refined_seconds": laps.lap()}

    serve(work)


if __name__ == "__main__":
    main()
