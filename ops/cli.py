"""The ``coinlake`` command: ``coinlake X`` is ops/commands/X.py, which reads arguments, calls and prints."""

import os
import sys
from importlib import metadata
from typing import Annotated

import typer
from rich.markup import escape

from ops import errors
from ops.commands import (
    airflow,
    alerts,
    apply,
    assets,
    backfill,
    bootstrap,
    dashboard,
    demo,
    deploy,
    destroy,
    down,
    gaps,
    load,
    outputs,
    pause,
    plan,
    preflight,
    query,
    rebuild,
    reconcile,
    redrive,
    replay,
    resume,
    snowflake,
    status,
    stream,
    unlock,
    up,
    verify,
)
from ops.progress import stderr

app = typer.Typer(
    name="coinlake",
    help="Run, look into and repair a coinlake stack, on this laptop or on AWS.\n\n"
    "[bold]coinlake demo[/] shows everything at work without an AWS account. "
    "The commands under Look and Repair take [bold]--env dev[/] (or COINLAKE_ENV=dev) for a stack on AWS; "
    "without it they mean the laptop's.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (  # in the order of --help
    up,
    demo,
    down,
    stream,
    airflow,
    status,
    verify,
    query,
    alerts,
    dashboard,
    outputs,
    gaps,
    load,
    snowflake,
    backfill,
    assets,
    replay,
    reconcile,
    redrive,
    pause,
    resume,
    rebuild,
    bootstrap,
    preflight,
    plan,
    apply,
    deploy,
    destroy,
    unlock,
)
for command in COMMANDS:
    app.add_typer(command.app)


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"coinlake {metadata.version('coinlake-project')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """The options of the command itself; typer's help is the app's."""


def main() -> None:
    """Run the command; an error is one sentence on stderr and exit code 1."""
    try:
        app()
    except KeyboardInterrupt:
        stderr.print("[red]stopped[/]")
        sys.exit(130)
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("COINLAKE_DEBUG"):
            raise
        stderr.print(f"[red]error:[/] {escape(errors.user_message(error))}")
        sys.exit(1)


if __name__ == "__main__":
    main()
