"""The collector on its feed: every frame received, on disk, gzipped and in S3. One core."""

import asyncio
import json
import os
import tempfile
import time

from bench.jobs.wired import CONFIGURATION
from bench.measure import answer, told
from bench.server import CONFIG, RAW, Server
from bench.stream_feed import symbol
from stream import wiring
from stream.collector import Collector
from stream.pace import Pace
from stream.parts import Parts, assemble
from stream.settings import Settings

POLL_SECONDS = 0.005


async def collect(settings: Settings, frames: int) -> tuple[float, Parts]:
    """The time, by the clock of all processes, when all of the frames are in S3."""
    subscriptions, outside = wiring.wanted(settings), wiring.outside(settings)
    parts = assemble(settings, "bench", subscriptions, outside, Pace())
    stop = asyncio.Event()

    async def watch() -> None:
        while parts.counters.frames < frames:
            await asyncio.sleep(POLL_SECONDS)
        stop.set()

    watching = asyncio.create_task(watch())
    await Collector(parts, subscriptions, outside, Pace(), settings.health_port).run(stop)
    await watching
    return time.monotonic(), parts


if __name__ == "__main__":
    task = told()
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
            "HEALTH_PORT": str(task["health_port"]),
        }
        ended, parts = asyncio.run(collect(Settings.from_env(), task["frames"]))
    if parts.counters.uploaded_rows != task["frames"]:
        raise RuntimeError(f"{parts.counters.uploaded_rows} of {task['frames']} frames are in S3")
    answer(ended=ended)
