"""Options and questions that several commands share."""

import sys
from typing import Annotated

import typer

from ops.deploy.environments import Declined

Env = Annotated[
    str,
    typer.Option(
        "--env", envvar="COINLAKE_ENV", help="The stack: local, or a name in terraform/environments."
    ),
]
Live = Annotated[
    bool, typer.Option("--live", envvar="LIVE", help="Ask the real APIs instead of the simulator.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


def agreed(question: str) -> bool:
    """Ask on the terminal; without one, ``Declined`` names ``--yes``."""
    if not sys.stdin.isatty():
        raise Declined(f"{question} There is no terminal to ask on; add --yes if that is meant")
    return typer.confirm(question)
