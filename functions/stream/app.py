"""The collector while it runs: every part in a task of its own, and an end that loses nothing.

sockets → ``intake`` (memory) → ``spool`` (disk) → S3; beside them refills of missing trades, the table
of latest prices, health and metrics.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from coinlake.observability import logger
from stream.gaps.refill import Refiller
from stream.health import Health
from stream.intake import Intake
from stream.latest import MAX_CONCURRENT, LatestWriter
from stream.metrics import Counters, MetricsReporter
from stream.sockets.shard import Shard
from stream.spool.committer import Committer
from stream.spool.spool import Spool
from stream.spool.uploader import WORKERS, Uploader
from stream.timeouts import Timeouts

REST_THREADS: Final = 2
RESERVED_SECONDS: Final = 2.0  # of a stop, for what comes after the uploads


@dataclass(slots=True)
class Threads:
    """``disk`` is one thread, so the spool needs no locks; ``aws`` and ``rest`` wait for others."""

    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "disk"))
    aws: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(WORKERS + MAX_CONCURRENT, "aws")
    )
    rest: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(REST_THREADS, "rest"))

    def close(self) -> None:
        for pool in (self.disk, self.aws, self.rest):
            pool.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class Collector:
    """Shards and refillers bring what committer, uploader and latest put away."""

    counters: Counters
    threads: Threads
    intake: Intake
    spool: Spool
    uploader: Uploader
    committer: Committer
    latest: LatestWriter
    shards: Sequence[Shard]
    refillers: Sequence[Refiller]
    timeouts: Timeouts
    health_port: int

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until ``stop`` is set, or a part fails, which is raised after the end."""
        server = await Health(self.counters, self.latest, self.gauges).serve(self.health_port)
        reporter = MetricsReporter(self.counters, self.gauges)
        committing = asyncio.create_task(self.committer.run())
        writers = [
            asyncio.create_task(part)
            for part in (
                self.uploader.run(),
                self.latest.run(),
                reporter.run(self.timeouts.metrics_seconds),
            )
        ]
        readers = [asyncio.create_task(shard.run()) for shard in self.shards]
        readers += [asyncio.create_task(refiller.run()) for refiller in self.refillers]
        stopping = asyncio.create_task(stop.wait())
        parts = [committing, *writers, *readers]
        try:
            await asyncio.wait([stopping, *parts], return_when=asyncio.FIRST_COMPLETED)
            failed = [task for task in parts if task.done()]
        finally:
            await self._end(readers, committing, writers)
            server.close()
            reporter.report()
            stopping.cancel()
            self.threads.close()
        for task in failed:
            task.result()

    async def _end(
        self,
        readers: Sequence[asyncio.Task[None]],
        committing: asyncio.Task[None],
        writers: Sequence[asyncio.Task[None]],
    ) -> None:
        """Close the sockets, put everything on disk, and send what there is time for; the rest stays."""
        end = time.monotonic() + self.timeouts.stop_seconds
        logger.info("stopping", held_bytes=self.intake.held_bytes, spool_bytes=self.spool.size)
        await _cancelled(readers)
        self.committer.stopping = True
        await asyncio.wait([committing])
        await self.committer.seal()
        left = await self.uploader.finish(end - time.monotonic() - RESERVED_SECONDS)
        await _cancelled(writers)
        logger.info("stopped", uploads_left=left, frames=self.counters.frames)

    def gauges(self) -> dict[str, float]:
        """What is measured, not counted, for health and metrics."""
        missing = sum(last - first + 1 for *_, first, last in self.intake.trades.missing())
        return {
            "spool_bytes": self.spool.size,
            "held_bytes": self.intake.held_bytes,
            "uploads_waiting": self.uploader.pending,
            "trades_missing": self.counters.refilling + missing,
            "lag_seconds": self.latest.lag_seconds(),
        }


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
