"""Where every frame comes in: known again, counted, and held until it is on disk. Memory only.

Declared backpressure: at ``max_bytes`` held, or while the spool takes no more, readers wait a moment
(the venue and TCP hold the frames meanwhile); then frames are dropped, each one counted, and what was
dropped is written as a gap. Dropped trades leave a hole in their ids, which is refilled.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from typing import Final

from stream import evidence
from stream.counters import Counters
from stream.evidence import Gap
from stream.frames import TRADES, Frame, line
from stream.ids import Ids
from stream.sieve import Sieve

PATIENCE_SECONDS: Final = 1.0
SETTLED_MICROS: Final = 1_000_000  # so long after the last dropped frame a gap is written

Topic = tuple[str, str]  # source and dataset


@dataclass(slots=True)
class Chunk:
    """Lines of one topic for one file: ``ids`` their trades by market, ``seen`` each stream's last time."""

    lines: list[str] = field(default_factory=list)
    size: int = 0
    ids: dict[str, Ids] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Intake:
    """``taken`` are the trades of each source and market that are held, kept or being refilled."""

    counters: Counters
    chunk_frames: int
    max_bytes: int
    taken: dict[tuple[str, str], Ids] = field(default_factory=dict)
    spool_full: bool = False
    impatient: bool = False
    held_bytes: int = 0
    chunks: dict[Topic, list[Chunk]] = field(default_factory=dict)
    drops: dict[tuple[str, str, str], Gap] = field(default_factory=dict)
    holed: set[tuple[str, str]] = field(default_factory=set)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    sieve: Sieve = field(default_factory=Sieve)

    @property
    def full(self) -> bool:
        return self.held_bytes >= self.max_bytes

    def hold(self) -> Awaitable[None] | None:
        """What a reader waits for before it brings the next frame; None almost always."""
        return self._wait_for_room() if self.full and not self.impatient else None

    async def _wait_for_room(self) -> None:
        self.room.clear()
        self.wanted.set()
        try:
            await asyncio.wait_for(self.room.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            self.impatient = True

    def accept(self, source: str, frame: Frame, text: str, received_at: int) -> bool:
        """Hold the frame; False for one that is held already, and for one there is no room for."""
        self.counters.frames += 1
        self.counters.heard_at = received_at
        if self.full:
            self._drop(source, frame, received_at)
            return False
        if not self._new(source, frame):
            self.counters.repeated += 1
            return False
        chunk = self._append((source, frame.dataset), line(received_at, text))
        chunk.seen[frame.stream] = received_at
        if frame.dataset == TRADES:
            ids = chunk.ids.get(frame.market)
            if ids is None:
                ids = chunk.ids[frame.market] = Ids()
            ids.add(frame.key)
        streams = self.counters.streams
        streams[frame.stream] = streams.get(frame.stream, 0) + 1
        return True

    def add_gap(self, source: str, gap: Gap, now: int, given_up: str | None = None) -> None:
        """Write a gap down; for evidence there is always room. ``given_up`` is a market whose ids it ends."""
        self.counters.gaps += 1
        chunk = self._append((source, evidence.DATASET), gap.line(now))
        if given_up and gap.first_id is not None and gap.last_id is not None:
            chunk.ids.setdefault(given_up, Ids()).add_range(gap.first_id, gap.last_id)

    def lost(self, source: str, stream: str, reason: str, now: int, trade_id: int | None = None) -> None:
        """Count one frame that could not be kept; its gap is written once no more of them come."""
        self.counters.dropped += 1
        key = (source, stream, reason)
        gap = self.drops.get(key)
        if gap is None:
            gap = self.drops[key] = Gap(stream, reason, now, now)
        gap.grow(now, trade_id)

    def settle(self, now: int, *, all_of_them: bool = False) -> None:
        """Write the gaps of drops that are over."""
        over = [key for key, gap in self.drops.items() if all_of_them or now - gap.end > SETTLED_MICROS]
        for key in over:
            self.add_gap(key[0], self.drops.pop(key), now)

    def drain(self) -> dict[Topic, list[Chunk]]:
        """Everything that is held; it counts as held until ``release``."""
        drained, self.chunks = self.chunks, {}
        self.wanted.clear()
        return drained

    def release(self, size: int) -> None:
        """So many bytes are on disk."""
        self.held_bytes -= size
        if not self.full:
            self.impatient = False
            self.room.set()

    def holes(self) -> Iterator[tuple[str, str, int, int]]:
        """Source, market and first and last id of what trades are missing."""
        for key in sorted(self.holed):
            ids = self.taken[key]
            if ids.whole:
                self.holed.discard(key)
            for first, last in ids.holes():
                yield (*key, first, last)

    def _new(self, source: str, frame: Frame) -> bool:
        if frame.dataset != TRADES:
            return self.sieve.new(source, frame.stream, frame.key)
        key = (source, frame.market)
        ids = self.taken.get(key)
        if ids is None:
            ids = self.taken[key] = Ids()
        new = ids.add(frame.key)
        if new and not ids.whole:
            self.holed.add(key)
        return new

    def _drop(self, source: str, frame: Frame, now: int) -> None:
        reason = evidence.SPOOL_FULL if self.spool_full else evidence.BACKPRESSURE
        self.lost(source, frame.stream, reason, now, frame.key if frame.is_trade else None)

    def _append(self, topic: Topic, text: str) -> Chunk:
        chunks = self.chunks.get(topic)
        if chunks is None:
            chunks = self.chunks[topic] = [Chunk()]
        chunk = chunks[-1]
        if len(chunk.lines) >= self.chunk_frames:
            chunk = Chunk()
            chunks.append(chunk)
            self.wanted.set()
        chunk.lines.append(text)
        size = len(text)  # in characters, which ASCII, all that these venues send, has as bytes
        chunk.size += size
        self.held_bytes += size
        return chunk
