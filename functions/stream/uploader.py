"""Sealed files to S3: written once, and tried until it is done."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from coinlake.errors import CoinlakeError, NotFound, PreconditionFailed, StoreUnavailable
from coinlake.observability import logger
from coinlake.stores import ObjectStore, compressed, sha256
from stream.counters import Counters
from stream.files import LINES, SpoolFile
from stream.spool import Spool

WORKERS: Final = 2
BACKOFF_SECONDS: Final = 0.5
LONGEST_BACKOFF_SECONDS: Final = 30.0
TOGETHER: Final = 20  # files that one write of the state takes off the spool

T = TypeVar("T")


class Taken(CoinlakeError):
    """Other bytes lie under the name."""


@dataclass(slots=True)
class Uploader:
    """``threads`` are for S3, ``disk`` is the one thread of the spool."""

    raw: ObjectStore
    spool: Spool
    counters: Counters
    threads: Executor
    disk: Executor
    waiting: asyncio.Queue[SpoolFile] = field(default_factory=asyncio.Queue)
    done: list[SpoolFile] = field(default_factory=list)
    pending: int = 0
    _forgetting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, file: SpoolFile) -> None:
        self.pending += 1
        self.waiting.put_nowait(file)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(*(self._work() for _ in range(WORKERS)))

    async def finish(self, seconds: float) -> int:
        """Wait until everything is uploaded, at most so long; how many files are left."""
        end = asyncio.get_running_loop().time() + seconds
        while self.pending and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        return self.pending

    async def _work(self) -> None:
        while True:
            file = await self.waiting.get()
            await self._until_done(file)
            self.done.append(file)
            await self._forget()

    async def _until_done(self, file: SpoolFile) -> None:
        tried = 0
        while True:
            try:
                await self._in(self.threads, upload, self.raw, file)
                return
            except Taken:
                old = str(file.key)
                file = await self._in(self.disk, self.spool.renamed, file)
                logger.error("name taken by other bytes", key=old, instead=str(file.key))
            except (StoreUnavailable, NotFound) as error:
                self.counters.upload_errors += 1
                tried += 1
                logger.warning("upload failed", key=str(file.key), tried=tried, error=str(error))
                await asyncio.sleep(backoff_seconds(tried))

    async def _forget(self) -> None:
        """Take what is done off the spool; what comes while the disk is busy goes together."""
        async with self._forgetting:
            files, self.done = self.done[:TOGETHER], self.done[TOGETHER:]
            if not files:
                return
            await self._in(self.disk, self.spool.forget, files)
            for file in files:
                self.pending -= 1
                self.counters.uploaded_batches += 1
                self.counters.uploaded_rows += file.rows

    @staticmethod
    def _in(executor: Executor, call: Callable[..., T], *values: object) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(executor, call, *values)


def upload(raw: ObjectStore, file: SpoolFile) -> None:
    """Write the object. A name that is taken by our own bytes is done; by others it is ``Taken``."""
    first, body = file.read()
    digest = sha256(body)
    kind = "application/jsonl" if file.key.ext == LINES else "application/json"
    metadata = {**first, "status": "200", "content-type": kind, "sha256": digest}
    try:
        raw.put(
            str(file.key),
            compressed(body),
            content_type="application/gzip",
            metadata=metadata,
            IfNoneMatch="*",
        )
    except PreconditionFailed:
        if raw.head(str(file.key)).metadata.get("sha256") != digest:
            raise Taken(str(file.key)) from None


def backoff_seconds(tried: int) -> float:
    """Full jitter, so that collectors do not return together."""
    longest = min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** min(tried, 10))
    return random.uniform(0, longest)  # noqa: S311 - not a secret
