"""Options, arguments and questions that several commands share, and the panels of ``coinlake --help``."""

import sys
from typing import Annotated, Final

import typer

from ops.deploy.environments import Declined

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


def confirm(question: str) -> bool:
    """Ask on the terminal; without one, ``Declined`` names ``--yes``."""
    if not sys.stdin.isatty():
        raise Declined(f"{question} There is no terminal to ask on; add --yes if that is meant")
    return typer.confirm(question)
