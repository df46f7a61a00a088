"""One run of refine, warm, again and again: today's part as it was, then the same new pages.

Processor time: what S3 takes is told by the calls, and a busy machine does not blur it.
"""

import os
import time
from typing import Any

import pyarrow as pa

from bench.measure import read_arguments, report_numbers
from bench.refine import NEW, TODAY, Lake, part_key, trusted_keys
from bench.server import Server
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event


def run(task: dict[str, Any]) -> None:
    server, lake = Server(task["endpoint"]), Lake(**task["lake"])
    os.environ.update(
        AWS_ENDPOINT_URL=server.endpoint,
        LAKE_BUCKET=lake.bucket,
        QUEUE_URL="none",
        CONFIG_BUCKET=lake.bucket,
        CONFIG_KEY="none",
        BATCH_MINUTES="15",
        DERIVE_MINUTES="15",
        STATE_TABLE="none",
        DEAD_LETTER_QUEUES="{}",
    )
    from refine.handler import stage  # noqa: PLC0415 - after the environment is set

    pipeline, s3 = stage().pipeline, server.client()
    calls: list[str] = []
    pipeline.refined.store.client.meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    before = lake.part_before()
    messages = [Message(key, created_event(ObjectRef(lake.bucket, key)), "") for key in trusted_keys()]
    times = []
    for _ in range(task["times"]):
        s3.put_object(Bucket=lake.bucket, Key=part_key(TODAY), Body=before)
        calls.clear()
        start = time.process_time()
        if pipeline.process(messages).failed:
            raise RuntimeError("refine failed; its log says why")
        times.append(time.process_time() - start)
    report_numbers(milliseconds=1000 * min(times) / NEW, calls=len(calls))


if __name__ == "__main__":
    pa.set_cpu_count(1)
    run(read_arguments())
