"""Where every frame comes in: repeats are dropped, others counted and held until on disk. Memory only.

Declared backpressure: at ``max_bytes`` held, or while the spool takes no more, readers wait a moment
(the venue and TCP hold the frames meanwhile); then frames are dropped, each one counted, and what was
dropped is written as a gap. Dropped trades leave a hole in their ids, which is refilled.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final

from stream.frames import Frame, line
from stream.gaps import gap_records
from stream.gaps.gap_records import Gap
from stream.gaps.ids import Ids, TradeIds
from stream.metrics import Counters
from stream.sockets.deduplicator import Deduplicator
from stream.streams import Stream, Topic

MAX_WAIT_SECONDS: Final = 1.0
SETTLED_MICROS: Final = 1_000_000  # so long after the last dropped frame a gap is written


@dataclass(slots=True)
class Chunk:
    """Lines of one topic for one file: ``ids`` are their trades by market, ``seen`` each stream's last time,
    which the topic's last chunk has for all of them, once they are drained."""

    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    ids: dict[str, Ids] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Intake:
    """``streams`` are all that ever came, by source and name, ``trades`` those that need not come any more.
    ``commit_requested`` is set when what is held should go to disk at once, ``room`` when there is room
    again. ``open_gaps`` are of frames that are being dropped, by source, stream and reason."""

    counters: Counters
    chunk_frames: int
    max_bytes: int
    trades: TradeIds = field(default_factory=TradeIds)
    streams: dict[tuple[str, str], Stream] = field(default_factory=dict)
    spool_full: bool = False
    wait_timed_out: bool = False
    held_bytes: int = 0
    chunks: dict[Topic, list[Chunk]] = field(default_factory=dict)
    open_gaps: dict[tuple[str, str, str], Gap] = field(default_factory=dict)
    commit_requested: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    deduplicator: Deduplicator = field(default_factory=Deduplicator)
    _held: list[Stream] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.held_bytes >= self.max_bytes

    def backpressure(self) -> Awaitable[None] | None:
        """What a reader waits for before it brings the next frame; None almost always."""
        return self._wait_for_room() if self.full and not self.wait_timed_out else None

    async def _wait_for_room(self) -> None:
        self.room.clear()
        self.commit_requested.set()
        try:
            await asyncio.wait_for(self.room.wait(), MAX_WAIT_SECONDS)
        except TimeoutError:
            self.wait_timed_out = True

    def accept(self, source: str, frame: Frame, text: bytes, received_at: int) -> Stream | None:
        """Hold the frame; its stream, or None for a frame that came before or that there is no room for."""
        counters, trade_ids = self.counters, frame.trade_ids
        counters.frames += 1
        counters.last_frame_at = received_at
        if self.held_bytes >= self.max_bytes:
            reason = gap_records.SPOOL_FULL if self.spool_full else gap_records.BACKPRESSURE
            self.count_lost(source, frame.stream, reason, received_at, trade_ids)
            return None
        stream = self.streams.get((source, frame.stream))
        if stream is None:
            stream = Stream((source, frame.dataset), frame.stream, frame.market)
            self.streams[source, frame.stream] = stream
        if not (
            self.trades.add((source, frame.market), trade_ids)
            if trade_ids
            else self.deduplicator.is_new(stream, frame.key)
        ):
            counters.repeated += 1
            return None
        stream.frame = text
        stream.received_at = received_at
        stream.frames += 1
        if not stream.is_held:
            stream.is_held = True
            self._held.append(stream)
        chunk = self._append(stream.topic, line(received_at, text))
        if trade_ids:
            ids = chunk.ids.get(frame.market)
            if ids is None:
                ids = chunk.ids[frame.market] = Ids()
            for number in trade_ids:
                ids.add(number)
        return stream

    def add_gap(self, source: str, gap: Gap, now: int, given_up: str | None = None) -> None:
        """Write a gap down; for gaps there is always room. ``given_up`` is a market whose ids it ends."""
        self.counters.gaps += 1
        chunk = self._append((source, gap_records.DATASET), gap.line(now))
        if given_up and gap.first_id is not None and gap.last_id is not None:
            chunk.ids.setdefault(given_up, Ids()).add_range(gap.first_id, gap.last_id)

    def count_lost(
        self, source: str, stream: str, reason: str, now: int, trade_ids: Sequence[int] = ()
    ) -> None:
        """Count one frame that could not be kept; its gap is written once no more of them come."""
        self.counters.dropped += 1
        key = (source, stream, reason)
        gap = self.open_gaps.get(key)
        if gap is None:
            gap = self.open_gaps[key] = Gap(stream, reason, now, now)
        gap.add_frame(now, trade_ids)

    def close_gaps(self, now: int, *, unsettled: bool = False) -> None:
        """Write the gaps of dropped frames that are over; with ``unsettled`` all of them."""
        over = [key for key, gap in self.open_gaps.items() if unsettled or now - gap.end > SETTLED_MICROS]
        for key in over:
            self.add_gap(key[0], self.open_gaps.pop(key), now)

    def drain(self) -> dict[Topic, list[Chunk]]:
        """Everything that is held; it counts as held until ``release``."""
        drained, self.chunks = self.chunks, {}
        held, self._held = self._held, []
        for stream in held:
            stream.is_held = False
            drained[stream.topic][-1].seen[stream.name] = stream.received_at
        self.commit_requested.clear()
        return drained

    def release(self, size: int) -> None:
        """``size`` bytes are on disk and no longer held."""
        self.held_bytes -= size
        if not self.full:
            self.wait_timed_out = False
            self.room.set()

    def _append(self, topic: Topic, data: bytes) -> Chunk:
        chunks = self.chunks.get(topic)
        if chunks is None:
            chunks = self.chunks[topic] = [Chunk()]
        chunk = chunks[-1]
        if len(chunk.lines) >= self.chunk_frames:
            chunk = Chunk()
            chunks.append(chunk)
            self.commit_requested.set()
        chunk.lines.append(data)
        size = len(data)
        chunk.size += size
        self.held_bytes += size
        return chunk
