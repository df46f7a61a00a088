"""``coinlake gaps``: which candles are there, and why the others are not."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ops import dates
from ops.commands.options import LOOK, Env
from ops.dates import DateRange
from ops.gaps import coverage, heat_map
from ops.progress import console, step
from ops.stack import Stack

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
    """Coverage of every candles feed: each bucket present, or the reason why it is missing.

    An audit also refills what nobody asked for; its result shows in the next one.
    """
    stack, today = Stack.find(env), dates.now().date()
    if audit:
        with step("Audit") as current:
            counts = coverage.audit(stack, days)
            current.conclude(f"{counts['buckets']:,} buckets, {counts['refilled']:,} asked for now")
    span = DateRange(today - timedelta(days=days - 1), today)
    by_market = coverage.coverage(coverage.read(stack, span), span)
    if not by_market:
        console.print("no audit has run yet; `coinlake gaps --audit` runs one")
        return
    console.print(coverage.table(by_market))
    if picture:
        picture.write_text(heat_map.svg(by_market, span), encoding="utf-8")
        console.print(f"wrote the heat map to {picture}")
