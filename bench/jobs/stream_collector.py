"""The collector on its feed: every frame received, on disk, gzipped and in S3. One core."""

import asyncio
import json
import os
import tempfile
import time

from bench.jobs.wired import CONFIGURATION
from bench.measure import read_arguments, report_numbers
from bench.server import CONFIG, RAW, Server
from bench.stream_feed import symbol
from stream import wiring
from stream.settings import Settings
from stream.timeouts import Timeouts

POLL_SECONDS = 0.005


async def collect(settings: Settings, frames: int) -> tuple[float, float, int]:
    """The time, by the clock of all processes, when all of the frames are in S3, the processor's seconds
    since the first came, and how many rows are there."""
    collector = wiring.build(settings, Timeouts())
    stop, began = asyncio.Event(), 0.0

    async def watch() -> None:
        nonlocal began
        while collector.counters.frames < frames:
            if not collector.counters.frames:
                began = time.process_time()
            await asyncio.sleep(POLL_SECONDS)
        stop.set()

    watching = asyncio.create_task(watch())
    await collector.run(stop)
    await watching
    return time.monotonic(), time.process_time() - began, collector.counters.uploaded_rows


if __name__ == "__main__":
    task = read_arguments()
    server = Server(task["s3"])
    server.client().put_object(Bucket=RAW, Key=CONFIG, Body=json.dumps(CONFIGURATION))
    streams = [f"{symbol(number).lower()}@bookTicker" for number in range(task["symbols"])]
    with tempfile.TemporaryDirectory() as spool:
        os.environ |= {
            "AWS_ENDPOINT_URL": server.endpoint,
            "REQUESTS_CA_BUNDLE": task["authority"],
            "RAW_BUCKET": RAW,
            "CONFIG_BUCKET": RAW,
            "CONFIG_KEY": CONFIG,
            "LATEST_TABLE": "latest",
            "STREAMS": json.dumps({"streams": streams}),
            "URLS": json.dumps({"binance": task["url"]}),
            "PRIVATE_SOURCES": "true",
            "SPOOL_DIR": spool,
            "INSTANCE": "bench",
            "HEALTH_PORT": str(task["health_port"]),
        }
        ended, cpu, uploaded = asyncio.run(collect(Settings.from_env(), task["frames"]))
    if uploaded != task["frames"]:
        raise RuntimeError(f"{uploaded} of {task['frames']} frames are in S3")
    report_numbers(ended=ended, cpu=cpu)
