"""``coinlake backfill``: fetch history from the sources."""

from typing import Annotated

import typer

from ops import dates
from ops.backfill import runner
from ops.backfill.request import BackfillRequest
from ops.commands.options import HISTORY, End, Env, Json, Yes, confirm
from ops.dates import DateRange
from ops.deploy import environments
from ops.documents import print_json
from ops.stack import Stack

app = typer.Typer()


@app.command("backfill", rich_help_panel=HISTORY)
def run_backfill(
    *,
    source: Annotated[str, typer.Option(help="For example coinbase, binance or coingecko.")],
    start: Annotated[str, typer.Option(help="First day, UTC, for example 2016-11-21.")],
    end: End = None,
    assets: Annotated[str, typer.Option(help="Symbols with commas, as BTC,ETH, or all.")] = "all",
    interval: Annotated[str, typer.Option(help="1m, 5m, 15m, 30m, 1h, 6h, 1d: what the source has.")] = "1d",
    quote: Annotated[str | None, typer.Option(help="USD without it; USDT at binance.")] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            help="Request again what is already there; an answer that has changed becomes a revision."
        ),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    env: Env = "local",
) -> None:
    """Fetch history: plan windows, show what they cost, run them, report what could not be fetched.

    What is in raw already is not requested again, so the same command resumes a stopped backfill.
    """
    now = dates.now()
    days = DateRange.parse(start, end or str(now.date()), now.date(), sure=yes)
    stack = Stack.find(env)
    request = BackfillRequest.of(
        stack.config(),
        source=source,
        assets=assets,
        interval=interval,
        days=days,
        quote=quote,
        refresh=refresh,
    )
    priced = runner.show_plan(stack, request, now)
    if priced.needs_confirmation and not yes and not confirm("Fetch all that?"):
        raise environments.Declined("nothing was fetched")
    ended = runner.execute(stack, priced)
    if as_json:
        print_json(runner.document(priced, ended))
    runner.require_complete(ended)
