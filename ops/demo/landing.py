"""How the demo waits for what must land: a deadline for everything, and where to look when it has passed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coinlake.errors import CoinlakeError
from ops import waiting
from ops.stack import Stack


class LandingTimeout(CoinlakeError):
    """Something that the demo shows did not come in time, or cannot come with these settings."""


@dataclass(frozen=True, slots=True)
class LandingWait:
    """Waits on a stack; ``log`` is what its functions say."""

    stack: Stack
    log: Path

    def until(
        self, pending: Callable[[], str], seconds: float, stage: str, say: Callable[[str], None]
    ) -> None:
        """Poll until ``pending`` names nothing; ``LandingTimeout`` if it still does after ``seconds``."""

        def failure(left: str) -> LandingTimeout:
            return LandingTimeout(
                f"{left}: nothing came within {seconds:.0f} s; `coinlake status` shows the queues, "
                f"and {self.log} what {self.stack.functions[stage]} said"
            )

        waiting.wait_until_done(pending, seconds, lambda left: say(f"waiting for {left}"), failure)
