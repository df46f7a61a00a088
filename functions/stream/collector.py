"""The collector while it runs: every part in a task of its own, and an end that loses nothing."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from coinlake.observability import logger
from stream.attempts import Attempts
from stream.connection import Connection
from stream.health import Health
from stream.metering import Meter
from stream.pace import Pace
from stream.parts import Outside, Parts, Subscription
from stream.refill import Refiller
from stream.rest import Rest
from stream.shard import Shard

MINUTE_SECONDS: Final = 60.0
LEFT_SECONDS: Final = 2.0  # of a stop, for what comes after the uploads


@dataclass(slots=True)
class Collector:
    """``wanted`` of each venue, over ``parts``."""

    parts: Parts
    wanted: Sequence[Subscription]
    outside: Outside
    pace: Pace
    health_port: int

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until ``stop`` is set, or a part fails, which is raised after the end."""
        health = Health(self.parts.counters, self.parts.latest, self.parts.gauges)
        server = await health.serve(self.health_port)
        meter = Meter(self.parts.counters, self.parts.gauges)
        writers = [
            asyncio.create_task(part)
            for part in (
                self.parts.committer.run(),
                self.parts.uploader.run(),
                self.parts.latest.run(),
                meter.run(self.pace.metrics_seconds),
            )
        ]
        readers = [asyncio.create_task(part) for part in self._readers()]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, *writers, *readers], return_when=asyncio.FIRST_COMPLETED)
            failed = [task for task in (*writers, *readers) if task.done()]
        finally:
            await self._end(readers, writers)
            server.close()
            meter.tell()
            stopping.cancel()
            self.parts.threads.close()
        for task in failed:
            task.result()

    async def _end(
        self, readers: Sequence[asyncio.Task[None]], writers: Sequence[asyncio.Task[None]]
    ) -> None:
        """Close the sockets, put everything on disk, and send what there is time for; the rest stays."""
        end = time.monotonic() + self.pace.stop_seconds
        logger.info("stopping", held_bytes=self.parts.intake.held_bytes, spool_bytes=self.parts.spool.size)
        await _cancelled(readers)
        self.parts.committer.stopping = True
        await asyncio.wait(writers[:1])
        await self.parts.committer.seal()
        left = await self.parts.uploader.finish(end - time.monotonic() - LEFT_SECONDS)
        await _cancelled(writers[1:])
        logger.info("stopped", uploads_left=left, frames=self.parts.counters.frames)

    def _readers(self) -> list[Coroutine[Any, Any, None]]:
        readers: list[Coroutine[Any, Any, None]] = []
        for one in self.wanted:
            attempts = Attempts(time.monotonic)
            size = one.venue.shard_streams
            for first in range(0, len(one.streams), size):
                readers.append(self._shard(one, one.streams[first : first + size], attempts).keep())
            if one.markets():
                readers.append(self._refiller(one).run())
        return readers

    def _shard(self, one: Subscription, streams: Sequence[str], attempts: Attempts) -> Shard:
        recalled = self.parts.recalled
        source = one.venue.source
        restarted = {
            stream: recalled[source, stream]
            for stream in streams
            if (source, stream) in recalled and one.venue.market(stream) is None
        }

        def connect(names: Sequence[str]) -> Connection:
            return Connection(
                venue=one.venue,
                url=one.url,
                streams=names,
                hear=self.parts.listener.hear,
                hold=self.parts.intake.hold,
                pace=self.pace,
                tls=self.outside.tls,
                private=self.outside.private,
            )

        return Shard(one.venue, streams, connect, self.parts.intake, attempts, self.pace, restarted)

    def _refiller(self, one: Subscription) -> Refiller:
        source = self.outside.config.sources[one.venue.source]
        assets = [
            ids[one.venue.source] for ids in self.outside.config.assets.values() if one.venue.source in ids
        ]
        return Refiller(
            venue=one.venue,
            rest=Rest(one.venue.source, source.base_url, self.outside.tls, self.outside.private),
            intake=self.parts.intake,
            spool=self.parts.spool,
            pace=self.pace,
            pause_seconds=MINUTE_SECONDS * one.venue.page_cost / source.requests_per_minute,
            assets=assets,
            streams=one.markets(),
            threads=self.parts.threads.rest,
            disk=self.parts.threads.disk,
            keep=self.parts.uploader.add,
        )


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
