"""How often a venue is connected to: inside its limit, and with full jitter after failures."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

WINDOW_SECONDS: Final = 300.0
MOST: Final = 250  # of the 300 that Binance allows an address in five minutes
BACKOFF_SECONDS: Final = 0.5
LONGEST_BACKOFF_SECONDS: Final = 60.0
SHORTEST_SECONDS: Final = 0.001  # a shorter wait may be lost in rounding, and waited for without end


@dataclass(slots=True)
class Attempts:
    """One venue's attempts, of all connections together. ``seconds`` is monotonic."""

    seconds: Callable[[], float]
    most: int = MOST
    made: deque[float] = field(default_factory=deque)

    async def turn(self, failed: int, least_seconds: float = 0.0) -> None:
        """Return when the next attempt may be made; ``failed`` of them failed one after another."""
        pause = max(least_seconds, jittered_seconds(failed))
        if pause:
            await asyncio.sleep(pause)
        while wait := self._wait_seconds():
            await asyncio.sleep(max(wait, SHORTEST_SECONDS))
        self.made.append(self.seconds())

    def _wait_seconds(self) -> float:
        now = self.seconds()
        while self.made and now - self.made[0] >= WINDOW_SECONDS:
            self.made.popleft()
        return WINDOW_SECONDS - (now - self.made[0]) if len(self.made) >= self.most else 0.0


def jittered_seconds(failed: int) -> float:
    """The first attempt is made at once."""
    if not failed:
        return 0.0
    longest = min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** min(failed, 10))
    return random.uniform(0, longest)  # noqa: S311 - not a secret
