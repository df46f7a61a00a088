"""How the demo waits: a deadline for everything, and where to look when it has passed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coinlake.errors import CoinlakeError
from ops.stack import Stack

POLL_SECONDS: Final = 1.0


class NotLanded(CoinlakeError):
    """Something that the demo promises did not come in time."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits on a stack; ``log`` is what its functions say."""

    stack: Stack
    log: Path

    def until(
        self, waiting: Callable[[], str], seconds: float, stage: str, say: Callable[[str], None]
    ) -> None:
        """Poll until ``waiting`` names nothing; ``NotLanded`` if it still does after ``seconds``."""
        deadline = time.monotonic() + seconds
        while left := waiting():
            say(f"waiting for {left}")
            if time.monotonic() > deadline:
                raise NotLanded(
                    f"{left}: nothing came within {seconds:.0f} s; `coinlake status` shows the queues, "
                    f"and {self.log} what {self.stack.functions[stage]} said"
                )
            time.sleep(POLL_SECONDS)
