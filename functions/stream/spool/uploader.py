"""Sealed files to S3: written once, and tried until it is done."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from zlib_ng import gzip_ng

from coinlake.errors import CoinlakeError, NotFound, PreconditionFailed, StoreUnavailable
from coinlake.observability import logger
from coinlake.retries import UPLOAD
from coinlake.stores import ObjectStore, sha256
from stream.metrics import Counters
from stream.spool.files import LINES, SpoolFile
from stream.spool.spool import Spool

WORKERS: Final = 2
GZIP_LEVEL: Final = 5  # of zlib-ng: 0.4 of the time of zlib's level 6, and as many bytes within 3%
MAX_FORGOTTEN: Final = 20  # files that one write of the state takes off the spool

T = TypeVar("T")


class NameTaken(CoinlakeError):
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
        await asyncio.gather(*(self._upload_forever() for _ in range(WORKERS)))

    async def finish(self, seconds: float) -> int:
        """Wait for all uploads, at most this long; return how many files are left."""
        end = asyncio.get_running_loop().time() + seconds
        while self.pending and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        return self.pending

    async def _upload_forever(self) -> None:
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
            except NameTaken:
                old = str(file.key)
                file = await self._in(self.disk, self.spool.renamed, file)
                logger.error("name taken by other bytes", key=old, instead=str(file.key))
            except (StoreUnavailable, NotFound) as error:
                self.counters.upload_errors += 1
                tried += 1
                logger.warning("upload failed", key=str(file.key), tried=tried, error=str(error))
                await asyncio.sleep(UPLOAD.seconds(tried))

    async def _forget(self) -> None:
        """Take what is done off the spool; what comes while the disk is busy goes together."""
        async with self._forgetting:
            files, self.done = self.done[:MAX_FORGOTTEN], self.done[MAX_FORGOTTEN:]
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


def compressed(body: bytes) -> bytes:
    """Gzip without name or time, so that equal bodies have equal bytes."""
    return bytes(gzip_ng.compress(body, GZIP_LEVEL, mtime=0))  # type: ignore[no-untyped-call]


def upload(raw: ObjectStore, file: SpoolFile) -> None:
    """Write the object. A name that is taken by our own bytes is done; by others it is ``NameTaken``."""
    header, body = file.read()
    digest = sha256(body)
    content_type = "application/jsonl" if file.key.ext == LINES else "application/json"
    metadata = {**header, "status": "200", "content-type": content_type, "sha256": digest}
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
            raise NameTaken(str(file.key)) from None
