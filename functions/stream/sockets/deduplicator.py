"""Frames that two sockets brought are kept once.

Outside of an overlap only a repeat of a stream's last frame is one, as when a venue sends its newest
again to a new subscriber. During an overlap every frame is remembered, up to a bound, so that neither
the slower nor the faster socket's own frames are lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from stream.streams import Stream

MAX_KEYS: Final = 200_000

Key = tuple[Stream, int]  # and the frame's key


@dataclass(slots=True)
class Deduplicator:
    """``overlaps`` counts the sockets that are being replaced; two generations of keys bound memory."""

    overlaps: int = 0
    newer: set[Key] = field(default_factory=set)
    older: set[Key] = field(default_factory=set)

    def is_new(self, stream: Stream, key: int) -> bool:
        """Whether this frame has not come before; it is remembered."""
        if stream.key == key:
            return False
        if self.overlaps:
            frame = (stream, key)
            if frame in self.newer or frame in self.older:
                return False
            self.newer.add(frame)
            if len(self.newer) >= MAX_KEYS // 2:
                self.older, self.newer = self.newer, set()
        stream.key = key
        return True

    def begin_overlap(self, streams: Iterable[Stream]) -> None:
        """A second socket is about to be opened: remember from here on."""
        if not self.overlaps:
            self.newer = {(stream, stream.key) for stream in streams if stream.key is not None}
        self.overlaps += 1

    def end_overlap(self) -> None:
        """The first socket is closed."""
        self.overlaps -= 1
        if not self.overlaps:
            self.newer, self.older = set(), set()
