"""Frames that two sockets brought are kept once.

Outside of an overlap only a repeat of a stream's last frame is one, as when a venue sends its newest
again to a new subscriber. During an overlap every frame is remembered, up to a bound, so that neither
the slower nor the faster socket's own frames are lost.
"""

from dataclasses import dataclass, field
from typing import Final

MOST: Final = 200_000

Key = tuple[str, str, int]


@dataclass(slots=True)
class Sieve:
    """``overlaps`` counts the sockets that are being replaced; two generations of keys bound memory."""

    overlaps: int = 0
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    young: set[Key] = field(default_factory=set)
    old: set[Key] = field(default_factory=set)

    def new(self, source: str, stream: str, key: int) -> bool:
        """Whether this frame has not come before."""
        place = (source, stream)
        if self.last.get(place) == key:
            return False
        if self.overlaps:
            one = (source, stream, key)
            if one in self.young or one in self.old:
                return False
            self.young.add(one)
            if len(self.young) >= MOST // 2:
                self.old, self.young = self.young, set()
        self.last[place] = key
        return True

    def begin(self) -> None:
        """A second socket is about to be opened: remember from here on."""
        if not self.overlaps:
            self.young = {(*place, key) for place, key in self.last.items()}
        self.overlaps += 1

    def end(self) -> None:
        """The first socket is closed."""
        self.overlaps -= 1
        if not self.overlaps:
            self.young, self.old = set(), set()
