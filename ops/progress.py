"""What a user sees while something works: one line per step, with its seconds."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

QUIET_SECONDS: Final = 20
# Where there is no terminal, tables are as wide as their rows, so that no cell is cut.
PIPE_COLUMNS: Final = 100_000
MAX_PANEL_COLUMNS: Final = 120


def _open_closed_streams() -> None:
    """Give a standard stream that the caller has closed the null device, for printing needs one.

    Characters that a stream's encoding lacks are written as escapes.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for the process's life
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


STDOUT_CLOSED: Final = sys.stdout is None
_open_closed_streams()
_piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
console = Console(highlight=False, emoji=False, width=PIPE_COLUMNS if _piped else None)
stderr = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def keep_stdout_for_data(data: bool) -> bool:
    """Whether standard output carries a document: then tables and progress go to standard error.

    The callback of ``--json``; returns ``data``.
    """
    console.stderr = data
    return data


def panel_width() -> int:
    """The columns of a panel, which fills what it is given."""
    return min(console.width, MAX_PANEL_COLUMNS)


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
