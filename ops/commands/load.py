"""``coinlake load``: the warehouses that refined tables are mirrored into."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from ops.commands.options import HISTORY, Env, Json
from ops.documents import print_json
from ops.load import load, tables
from ops.load.load import LoadOptions
from ops.progress import console, step
from ops.stack import Stack

app = typer.Typer()


@app.command("load", rich_help_panel=HISTORY)
def run_load(  # noqa: PLR0917
    target: Annotated[str | None, typer.Option(help="One warehouse, as in postgres; all without it.")] = None,
    table: Annotated[list[str] | None, typer.Option(help="Only this table; give it again for more.")] = None,
    partition: Annotated[str | None, typer.Option(help="Only this one, for example dt=2026-11-21.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Compare all rows, also of what the ledger says is loaded.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare lake, ledger and warehouse; load nothing.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what a run would do; load nothing.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Try extreme values in the warehouse, and roll them back.")
    ] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Make the roles of a PostgreSQL that coinlake made; once.")
    ] = False,
    as_json: Json = False,
    env: Env = "local",
) -> None:
    """Load into the warehouses what they lack of the lake; the stack does it by itself on a schedule.

    Exit code 1 where a partition failed or, with --check, differs.
    """
    if again + check + plan + probe + init > 1:
        raise typer.BadParameter("--again, --check, --plan, --probe and --init exclude each other")
    action = _check if check else _plan if plan else _probe if probe else _init if init else _load
    stack, options = Stack.find(env), LoadOptions(tuple(table or ()), partition, again)
    names = load.targets(stack, target or ("postgres" if init else None))
    results = {name: action(stack, name, options) for name in names}
    if as_json:
        print_json({name: result for name, (result, _) in results.items()})
    if not all(good for _, good in results.values()):
        raise typer.Exit(1)


def _load(stack: Stack, name: str, options: LoadOptions) -> tuple[Any, bool]:
    with step(f"Loading {name}") as current:
        report = load.run(stack, name, options, current.say)
        current.conclude(
            f"{report['rows_loaded']:,} rows of {report['partitions_loaded']:,} partitions, "
            f"{report['partitions_removed']:,} removed, {report['partitions_equal']:,} up to date"
        )
    for place, reason in report["failures"].items():
        console.print(f"[red]{escape(place)}[/]: {escape(reason)}")
    return report, not report["partitions_failed"] and not report["partitions_left"]


def _check(stack: Stack, name: str, options: LoadOptions) -> tuple[Any, bool]:
    with step(f"Comparing the lake with {name}") as current:
        compared = load.check(stack, name, options, current.say)
    console.print(tables.comparison(compared, name))
    return compared, all(entry["equal"] for entry in compared)


def _plan(stack: Stack, name: str, options: LoadOptions) -> tuple[Any, bool]:
    planned = load.plan(stack, name, options)
    for what in ("load", "remove"):
        console.print(f"{name}: {planned[f'partitions_to_{what}']:,} partitions to {what}")
        for place in planned[what]:
            console.print(f"  {escape(place)}")
    return planned, True


def _probe(stack: Stack, name: str, _: LoadOptions) -> tuple[Any, bool]:
    probed = load.probe(stack, name)
    if probed["equal"] is None:
        console.print(
            f"{name} was handed {probed['rows']} rows of extreme values and has not told yet what it made "
            "of them: give the command again after its next report"
        )
        return probed, True
    exactly = "exactly" if probed["equal"] else "[red]not exactly[/]"
    console.print(f"{name} holds {probed['rows']} rows of extreme values {exactly}")
    return probed, probed["equal"]


def _init(stack: Stack, name: str, _: LoadOptions) -> tuple[Any, bool]:
    made = load.init(stack, name)
    console.print(f"{name}: made {', '.join(made)}" if made else f"{name} has its roles already")
    return made, True
