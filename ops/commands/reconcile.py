"""``coinlake reconcile``: raw compared with the ledger."""

from typing import Annotated

import typer

from ops import dates
from ops.commands.options import REPAIR, End, Env, Yes
from ops.dates import DateRange
from ops.progress import console, step
from ops.repair.reconcile import reconcile
from ops.stack import Stack

app = typer.Typer()


@app.command("reconcile", rich_help_panel=REPAIR)
def run_reconcile(
    days: Annotated[int, typer.Option(min=1, max=3653, help="Compare this many days, today included.")] = 7,
    start: Annotated[str | None, typer.Option(help="First day, UTC, for example 2026-11-01.")] = None,
    end: End = None,
    yes: Yes = False,
    env: Env = "local",
) -> None:
    """Compare raw with the ledger and requeue what was lost; the stack does it daily by itself."""
    today = dates.now().date()
    span = DateRange.parse(start, end or str(today), today, sure=yes) if start else days
    stack = Stack.find(env)
    with step("Comparing raw with the ledger"):
        result = reconcile(stack, span)
    counts = f"{result['raw']:,} raw objects, {result['ledger']:,} ledger entries"
    console.print(f"{counts}, {result['requeued_count']:,} requeued")
    for key in result["requeued"]:
        console.print(f"  {key}")
