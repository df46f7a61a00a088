"""Options, arguments and questions that several commands share, and the panels of ``coinlake --help``."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.deploy.environments import Declined
from ops.progress import keep_stdout_for_data

LAPTOP: Final = "On this laptop"
LOOK: Final = "Look"
HISTORY: Final = "History"
REPAIR: Final = "Repair"
AWS: Final = "On AWS"

Env = Annotated[
    str,
    typer.Option(
        "--env", envvar="COINLAKE_ENV", help="The stack: local, or a name in terraform/environments."
    ),
]
Live = Annotated[
    bool, typer.Option("--live", envvar="LIVE", help="Ask the real APIs instead of the simulator.")
]
End = Annotated[str | None, typer.Option(help="Last day, UTC; today without it.")]
Environment = Annotated[str, typer.Argument(help="A name in terraform/environments, for example dev.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=keep_stdout_for_data,
        help="Print one JSON document (docs/commands.md) instead of tables.",
    ),
]
STDOUT: Final = Path("-")


def output_file(path: Path | None) -> Path | None:
    """The callback of an option that names a file to write: it can be written, or the usage is shown."""
    if path is None or path == STDOUT:
        return path
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}; make it, or name another")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written; name another file")
    return path


def confirm(question: str) -> bool:
    """Ask on the terminal; without one, ``Declined`` names ``--yes``."""
    if not sys.stdin.isatty():
        raise Declined(f"{question} There is no terminal to ask on; add --yes if that is meant")
    return typer.confirm(question, err=True)
