"""``coinlake gaps``: which candles are there, and why the others are not."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ops.commands.options import LOOK, Env
from ops.dates import Days
from ops.gaps import coverage as gaps
from ops.gaps import heat_map
from ops.progress import console, step
from ops.repair import functions as repairs
from ops.stack import Stack
from ops.status import report as status

app = typer.Typer()


@app.command("gaps", rich_help_panel=LOOK)
def show_gaps(
    days: Annotated[int, typer.Option(min=1, max=3653, help="Show this many days, today included.")] = 35,
    picture: Annotated[
        Path | None, typer.Option(help="Write a heat map to this file, as SVG for a browser.")
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Audit now; the stack does it daily by itself.")
    ] = False,
    env: Env = "local",
) -> None:
    """Coverage of every candles feed: each bucket present, or why it is not.

    An audit also refills what nobody asked for; its result shows in the next one.
    """
    stack, today = Stack.find(env), status.now().date()
    if audit:
        with step("Audit") as current:
            done = repairs.audit(stack, days)
            current.conclude(f"{done['buckets']:,} buckets, {done['refilled']:,} asked for now")
    span = Days(today - timedelta(days=days - 1), today)
    found = gaps.coverage(gaps.read(stack, span), span)
    if not found:
        console.print("no audit has run yet; `coinlake gaps --audit` runs one")
        return
    console.print(gaps.table(found))
    if picture:
        picture.write_text(heat_map.svg(found, span), encoding="utf-8")
        console.print(f"wrote the heat map to {picture}")
