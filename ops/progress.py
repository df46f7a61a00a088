"""What a user sees while something works: one line per step, with its seconds."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

QUIET_SECONDS: Final = 20

# Where there is no terminal to ask, tables get the width of a log.
LOG_COLUMNS: Final = 120
_wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else LOG_COLUMNS
console = Console(highlight=False, width=_wide)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(slots=True)
class Step:
    """A step at work; ``say`` shows how far it is."""

    title: str
    status: Status
    said_at: float = field(default_factory=time.monotonic)
    detail: str = ""

    def say(self, detail: str) -> None:
        """Show ``detail`` beside the spinner; where there is no terminal, a line now and then."""
        self.status.update(f"{escape(self.title)} [dim]{escape(detail)}[/]")
        if not console.is_terminal and time.monotonic() - self.said_at > QUIET_SECONDS:
            console.print(f"  [dim]… {escape(self.title)}: {escape(detail)}[/]")
            self.said_at = time.monotonic()

    def conclude(self, detail: str) -> None:
        """What the finished line adds to the title."""
        self.detail = f": {detail}"


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Print ``✓ title  3.2 s`` when the block ends, ``✗`` when it raises."""
    started = time.monotonic()
    with console.status(escape(title)) as status:
        current = Step(title, status)
        try:
            yield current
        except BaseException:
            _finish("[red]✗[/]", current, started)
            raise
    _finish("[green]✓[/]", current, started)


def _finish(mark: str, current: Step, started: float) -> None:
    seconds = time.monotonic() - started
    console.print(f"{mark} {escape(current.title + current.detail)} [dim]{seconds:.1f} s[/]")
