"""``coinlake stream``: the live collector on this machine."""

import math
from typing import Annotated

import typer

from ops.commands.options import LAPTOP, Json, Live
from ops.documents import print_json
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console, step
from ops.stream import tables as collector_view
from ops.stream.collector import Collector

app = typer.Typer()


@app.command(rich_help_panel=LAPTOP)
def stream(
    live: Live = False,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop after so long; without it, at Ctrl-C.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Listen to the exchanges' websockets and show prices, lag and counts; every frame goes to raw.

    The collector listens to the simulator, or with --live to the real exchanges. Which streams:
    `stream` in terraform/environments/local.tfvars. On AWS it is a container on Fargate.
    """
    if seconds is not None and not math.isfinite(seconds):
        raise typer.BadParameter("--seconds is a number; without it the command runs until Ctrl-C")
    laptop = Laptop.from_env()
    stack, collector = local.up(laptop, live=live), Collector(laptop)
    with step("Live collector"):
        collector.start(stack, live=live)
    try:
        collector_view.watch(collector, seconds)
        if as_json:
            print_json(collector_view.document(collector))
    except KeyboardInterrupt:
        console.print()
    finally:
        with step("Collector uploads what it holds and stops"):
            collector.process.stop()
    console.print("[bold]coinlake query[/] finds the frames in tickers, trades and candles.")
