"""The ``coinlake`` command: ``coinlake X`` is ops/commands/X.py, which reads arguments, calls and prints."""

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module, metadata
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_group

from ops import errors
from ops.progress import stderr

COMMANDS: Final = (  # in the order of --help
    *("up", "demo", "down", "stream", "airflow"),
    *("status", "verify", "query", "alerts", "dashboard", "outputs"),
    *("gaps", "load", "snowflake", "backfill", "assets"),
    *("replay", "reconcile", "redrive", "pause", "resume", "rebuild"),
    *("bootstrap", "preflight", "plan", "apply", "deploy", "destroy", "unlock"),
)


class Commands(Mapping[str, Any]):
    """Each command is imported when it is asked for: all of them together take a second."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return get_group(import_module(f"ops.commands.{name}").app).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Group(TyperGroup):
    """The commands by name."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment] # typer only reads it


app = typer.Typer(
    name="coinlake",
    cls=Group,
    help="Run, look into and repair a coinlake stack, on this laptop or on AWS.\n\n"
    "[bold]coinlake demo[/] shows everything at work without an AWS account. "
    "The commands under Look and Repair take [bold]--env dev[/] (or COINLAKE_ENV=dev) for a stack on AWS; "
    "without it they mean the laptop's.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
