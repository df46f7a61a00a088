"""What was taken in goes to disk together: one fsync acknowledges every frame since the last."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field

from coinlake.observability import logger
from stream.intake import Chunk, Intake
from stream.spool.spool import Spool
from stream.spool.uploader import Uploader
from stream.streams import Topic
from stream.timeouts import Timeouts


@dataclass(slots=True)
class Committer:
    """While the disk refuses, or the spool is over its cap, nothing is taken from the intake: it fills
    up to its own bound, and declares what it then drops. At a stop the cap does not count: what is held
    has a bound of its own, and a restart sends it."""

    intake: Intake
    spool: Spool
    uploader: Uploader
    timeouts: Timeouts
    disk: Executor
    max_spool_bytes: int
    stopping: bool = False
    _uncommitted: Mapping[Topic, Sequence[Chunk]] = field(default_factory=dict)

    async def run(self) -> None:
        """Until ``stopping``. It is never cancelled: what the disk has begun to write would count as not
        written, and be written again."""
        while not self.stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.intake.commit_requested.wait(), self.timeouts.commit_seconds)
            if not await self.commit():
                await asyncio.sleep(self.timeouts.commit_seconds)

    async def commit(self) -> bool:
        """Whether everything that is held is on disk now."""
        self.intake.close_gaps(time.time_ns() // 1000)
        if self.spool.size >= self.max_spool_bytes and not self.stopping:
            return self._refused("the spool is over its cap")
        drained = self._uncommitted or self.intake.drain()
        self._uncommitted = drained
        loop = asyncio.get_running_loop()
        try:
            sealed = await loop.run_in_executor(self.disk, self.spool.commit, drained, time.monotonic())
        except OSError as error:
            return self._refused(f"the disk refused ({error.strerror})")
        self._uncommitted = {}
        if self.intake.spool_full:
            logger.info("spool has room again")
        self.intake.spool_full = False
        for chunks in drained.values():
            self.intake.counters.committed += sum(len(chunk.lines) for chunk in chunks)
            self.intake.release(sum(chunk.size for chunk in chunks))
        for file in sealed:
            self.uploader.add(file)
        return True

    async def seal(self) -> None:
        """Everything on disk, and every file closed; of a disk that refuses, as much as can be."""
        self.intake.close_gaps(time.time_ns() // 1000, unsettled=True)
        while await self.commit() and self.intake.held_bytes:
            pass
        loop = asyncio.get_running_loop()
        for file in await loop.run_in_executor(self.disk, self.spool.seal):
            self.uploader.add(file)

    def _refused(self, why: str) -> bool:
        if not self.intake.spool_full:
            logger.error("spool full", why=why, spool_bytes=self.spool.size)
        self.intake.spool_full = True
        self.intake.commit_requested.clear()
        return False
