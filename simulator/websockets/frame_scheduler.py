"""Which frame is due when, over all the streams of a connection."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final, Protocol

BURST: Final = 500  # frames of one write, so that a late socket is caught up in pieces


class Channel(Protocol):
    """A stream: numbered events, each a pure function of its number, so that sockets agree."""

    @property
    def name(self) -> str: ...

    def newest(self, now_us: int) -> int:
        """The last event that has happened by ``now_us``."""
        ...

    def time(self, index: int) -> int:
        """When an event happens, in microseconds since 1970; later for each later one."""
        ...

    def frames(self, index: int) -> Iterable[str]:
        """An event's frames: mostly one, none if there is nothing to send."""
        ...


class FrameScheduler:
    """The streams in the order of their next events."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._due: list[tuple[int, int, int, Channel]] = []
        self._serials = count()  # of two events at once, the one that was queued first

    def add(self, channel: Channel, now_us: int) -> None:
        """From the first event after ``now_us`` on; a stream that is there already goes on."""
        if channel.name not in self.channels:
            self.channels[channel.name] = channel
            self._push(channel, channel.newest(now_us) + 1)

    def remove(self, name: str) -> None:
        """No more of a stream; its entry in the queue is dropped when it comes up."""
        self.channels.pop(name, None)

    def lag_us(self, now_us: int) -> int:
        """How long ago the oldest unsent event happened; negative if none is due."""
        return now_us - self._due[0][0] if self._due else -(2**62)

    def due(self, now_us: int) -> list[str]:
        """The frames of events up to ``now_us``, oldest first, about ``BURST`` at most."""
        frames: list[str] = []
        for channel, index in self._ready(now_us):
            frames += channel.frames(index)
            self._push(channel, index + 1)
            if len(frames) >= BURST:
                break
        return frames

    def _ready(self, now_us: int) -> Iterator[tuple[Channel, int]]:
        while self._due and self._due[0][0] <= now_us:
            _, _, index, channel = heapq.heappop(self._due)
            if self.channels.get(channel.name) is not channel:
                continue
            if channel.time(index) > now_us:
                self._push(channel, index)  # its rate has been lowered since
            else:
                yield channel, index

    def _push(self, channel: Channel, index: int) -> None:
        heapq.heappush(self._due, (channel.time(index), next(self._serials), index, channel))
