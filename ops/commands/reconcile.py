"""``coinlake reconcile``: raw compared with the ledger."""

from typing import Annotated, Final

import typer
from rich.markup import escape

from ops import dates
from ops.commands.options import REPAIR, End, Env, Json, Yes
from ops.dates import DateRange
from ops.documents import print_json
from ops.progress import console, step
from ops.repair.reconcile import reconcile
from ops.stack import Stack

app = typer.Typer()
DEFAULT_DAYS: Final = 7


@app.command("reconcile", rich_help_panel=REPAIR)
def run_reconcile(
    *,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3653, help="Compare this many days, today included; 7 without it."),
    ] = None,
    start: Annotated[str | None, typer.Option(help="First day, UTC, for example 2026-11-01.")] = None,
    end: End = None,
    yes: Yes = False,
    as_json: Json = False,
    env: Env = "local",
) -> None:
    """Compare raw with the ledger and requeue what was lost; the stack does it daily by itself."""
    if start and days:
        raise typer.BadParameter("give either --days or --start, not both")
    if end and not start:
        raise typer.BadParameter("--end needs --start, the first day")
    today = dates.now().date()
    span = DateRange.parse(start, end or str(today), today, sure=yes) if start else days or DEFAULT_DAYS
    stack = Stack.find(env)
    with step("Comparing raw with the ledger"):
        result = reconcile(stack, span)
    if as_json:
        print_json({name: result[name] for name in ("raw", "ledger", "requeued_count", "requeued")})
        return
    counts = f"{result['raw']:,} raw objects, {result['ledger']:,} ledger entries"
    console.print(f"{counts}, {result['requeued_count']:,} requeued")
    for key in result["requeued"]:
        console.print(f"  {escape(key)}")
