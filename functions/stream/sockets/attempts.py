"""When to connect to a venue: inside its limit, and with full jitter after failures."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from coinlake.retries import RECONNECT

WINDOW_SECONDS: Final = 300.0
MIN_WAIT_SECONDS: Final = 0.001  # a shorter wait may be lost in rounding, and waited for without end


@dataclass(slots=True)
class Attempts:
    """One venue's attempts, of all connections together: ``max_in_window`` in ``WINDOW_SECONDS``.

    ``seconds`` is a monotonic clock.
    """

    seconds: Callable[[], float]
    max_in_window: int
    made: deque[float] = field(default_factory=deque)

    async def acquire(self, failed: int, min_seconds: float = 0.0) -> None:
        """Return when the next attempt may be made; ``failed`` of them failed one after another.

        The first is made at once.
        """
        pause = max(min_seconds, RECONNECT.seconds(failed))
        if pause:
            await asyncio.sleep(pause)
        while wait := self._wait_seconds():
            await asyncio.sleep(max(wait, MIN_WAIT_SECONDS))
        self.made.append(self.seconds())

    def _wait_seconds(self) -> float:
        now = self.seconds()
        while self.made and now - self.made[0] >= WINDOW_SECONDS:
            self.made.popleft()
        return WINDOW_SECONDS - (now - self.made[0]) if len(self.made) >= self.max_in_window else 0.0
