"""A share of the streams, kept connected: reconnected when lost, replaced before it is cut.

A planned replacement, and one that the venue announces, overlaps: the new socket is subscribed before
the old one is closed, so nothing is missed, and the deduplicator drops what both bring.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from coinlake.observability import logger
from stream.gaps import gap_records
from stream.gaps.gap_records import Gap
from stream.intake import Intake
from stream.sockets.attempts import Attempts
from stream.sockets.connection import Connection, ConnectionFailed
from stream.timeouts import Timeouts
from stream.venues import Venue

SPREAD: Final = 0.04  # of a lifetime, so that shards are not replaced together


@dataclass(slots=True)
class Shard:
    """``connect`` makes a connection that is not open yet; ``restarted_from`` is each stream's last time
    in an earlier run, written as a gap once the first connection is subscribed."""

    venue: Venue
    streams: Sequence[str]
    connect: Callable[[Sequence[str]], Connection]
    intake: Intake
    attempts: Attempts
    timeouts: Timeouts
    restarted_from: dict[str, int]
    current: Connection | None = None
    _failed: int = 0
    _wait_seconds: float = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        try:
            self.current = await self._opened()
            self._record_restart()
            while True:
                await self._until_due(self.current)
                self.current = await self._replaced(self.current)
        finally:
            if self.current is not None:
                await self.current.close()

    async def _opened(self) -> Connection:
        """A subscribed connection, however long it takes."""
        while True:
            await self.attempts.acquire(self._failed, self._wait_seconds)
            connection = self.connect(self.streams)
            try:
                await connection.open()
            except ConnectionFailed as error:
                self._failed += 1
                self._wait_seconds = error.wait_seconds
                logger.warning(
                    "no connection",
                    source=self.venue.source,
                    code=error.code,
                    error=str(error),
                    failed=self._failed,
                )
                continue
            self._wait_seconds = 0.0
            return connection

    async def _until_due(self, connection: Connection) -> None:
        """Return when the connection has ended, or is due to be replaced."""
        opened = time.monotonic()
        lifetime = self.venue.lifetime_seconds * self.timeouts.lifetime * (1 - SPREAD * random.random())  # noqa: S311
        messages, since = connection.messages, opened
        while not (connection.ended.is_set() or connection.replacement_due.is_set()):
            now = time.monotonic()
            if now - opened >= self.timeouts.healthy_seconds:
                self._failed = 0
            if now - opened >= lifetime:
                connection.replacement_due.set()
            elif connection.messages != messages:
                messages, since = connection.messages, now
            elif now - since >= self.timeouts.silence_seconds:
                logger.warning("stale", source=self.venue.source, streams=len(self.streams))
                connection.replacement_due.set()
            await self._nap(connection)

    async def _nap(self, connection: Connection) -> None:
        either = [
            asyncio.create_task(event.wait()) for event in (connection.ended, connection.replacement_due)
        ]
        check_seconds = min(1.0, self.timeouts.silence_seconds / 4)
        try:
            await asyncio.wait(either, timeout=check_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in either:
                task.cancel()

    async def _replaced(self, old: Connection) -> Connection:
        """The next connection; what was missed between the two is written down."""
        self.intake.counters.reconnects += 1
        lost = old.ended.is_set()
        logger.info(
            "reconnecting", source=self.venue.source, streams=len(self.streams), lost=old.fault or None
        )
        self._failed += lost  # one that is lost as soon as it is open must not be opened without end
        self.intake.deduplicator.begin_overlap(self.intake.streams.values())
        try:
            new = await self._opened()
            if not lost:
                await self._overlap(old, new)
            if old.ended.is_set() and old.last_message_at < new.opened_at:
                self._record_gap(old, new)
            await old.close()
        finally:
            self.intake.deduplicator.end_overlap()
        return new

    async def _overlap(self, old: Connection, new: Connection) -> None:
        """Both bring frames for a while; a stop meanwhile closes the new one here, ``run`` the old one."""
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(old.ended.wait(), self.timeouts.overlap_seconds)
        except asyncio.CancelledError:
            await new.close()
            raise

    def _record_gap(self, old: Connection, new: Connection) -> None:
        """One gap for each stream without trade ids: trades are refilled by their ids instead."""
        now = time.time_ns() // 1000
        too_large = old.fault == gap_records.TOO_LARGE
        reason = gap_records.TOO_LARGE if too_large else gap_records.DISCONNECTED
        for stream in self.streams:
            if self.venue.trade_market(stream) is None and stream not in new.refused:
                gap = Gap(stream, reason, old.last_message_at or old.opened_at, new.opened_at)
                self.intake.add_gap(self.venue.source, gap, now)

    def _record_restart(self) -> None:
        now = time.time_ns() // 1000
        for stream, last in self.restarted_from.items():
            self.intake.add_gap(self.venue.source, Gap(stream, gap_records.RESTARTED, last, now), now)
