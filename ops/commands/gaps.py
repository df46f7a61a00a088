"""``coinlake gaps``: which candles are there, and why the others are not."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ops import dates
from ops.commands.options import LOOK, STDOUT, Env, Json, output_file
from ops.dates import DateRange
from ops.documents import print_json, write_stdout
from ops.gaps import coverage, derived, heat_map
from ops.progress import console, keep_stdout_for_data, step
from ops.stack import Stack

app = typer.Typer()


@app.command("gaps", rich_help_panel=LOOK)
def show_gaps(
    days: Annotated[int, typer.Option(min=1, max=3653, help="Show this many days, today included.")] = 35,
    picture: Annotated[
        Path | None,
        typer.Option(callback=output_file, help="Write a heat map to this file, as SVG; - is stdout."),
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Audit now; the stack does it daily by itself.")
    ] = False,
    env: Env = "local",
    as_json: Json = False,
) -> None:
    """Coverage of every candles feed: each bucket present, or the reason why it is missing.

    An audit also refills what nobody asked for; its result shows in the next one. Candles that refine
    puts together from shorter ones are counted as refined has them now: complete, still running, or not.
    """
    if as_json and picture == STDOUT:
        raise typer.BadParameter("standard output takes one of --json and --picture -")
    keep_stdout_for_data(as_json or picture == STDOUT)
    stack, now, counts = Stack.find(env), dates.now(), None
    today = now.date()
    if audit:
        with step("Audit") as current:
            counts = coverage.audit(stack, days)
            current.conclude(f"{counts['buckets']:,} buckets, {counts['refilled']:,} asked for now")
    span = DateRange(today - timedelta(days=days - 1), today)
    by_market = coverage.coverage(coverage.read(stack, span), span)
    put_together = derived.read(stack, span, now)
    if as_json:
        document = coverage.document(by_market, span) | derived.document(put_together)
        print_json({"audit": counts, **document})
    elif by_market:
        console.print(coverage.table(by_market))
    else:
        console.print("no audit has run yet; `coinlake gaps --audit` runs one")
    if put_together and not as_json:
        console.print(derived.table(put_together))
    if picture == STDOUT and by_market:
        write_stdout(heat_map.svg(by_market, span).encode())
    elif picture and by_market:
        picture.write_text(heat_map.svg(by_market, span), encoding="utf-8")
        console.print(f"wrote the heat map to {escape(str(picture))}")
