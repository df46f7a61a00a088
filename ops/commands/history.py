"""``backfill`` and ``assets``: the past of what the sources have."""

from typing import Annotated, Final

import typer

from ops import assets as catalog
from ops.backfill import runner as command
from ops.backfill.request import Asked
from ops.commands.options import Env, Yes, agreed
from ops.commands.repair import End
from ops.dates import Days
from ops.deploy import environments
from ops.progress import console
from ops.query import duckdb as query
from ops.stack import Stack
from ops.status import report as status

app = typer.Typer()
PANEL: Final = "History"


@app.command("backfill", rich_help_panel=PANEL)
def run_backfill(
    *,
    source: Annotated[str, typer.Option(help="For example coinbase, binance or coingecko.")],
    start: Annotated[str, typer.Option(help="First day, UTC, for example 2016-11-21.")],
    end: End = None,
    assets: Annotated[str, typer.Option(help="Symbols with commas, as BTC,ETH, or all.")] = "all",
    interval: Annotated[str, typer.Option(help="1m, 5m, 15m, 30m, 1h, 6h, 1d: what the source has.")] = "1d",
    quote: Annotated[str | None, typer.Option(help="USD without it; USDT at binance.")] = None,
    refresh: Annotated[
        bool, typer.Option(help="Ask again for what is there; what has changed becomes a revision.")
    ] = False,
    yes: Yes = False,
    env: Env = "local",
) -> None:
    """Fetch the past: plan windows, show what they cost, run them, tell what could not be had.

    What is in raw already is not asked for again, so the same command resumes what was stopped.
    """
    now = status.now()
    days = Days.parse(start, end or str(now.date()), now.date(), sure=yes)
    stack = Stack.find(env)
    asked = Asked.of(
        stack.config(),
        source=source,
        assets=assets,
        interval=interval,
        days=days,
        quote=quote,
        refresh=refresh,
    )
    offer = command.offered(stack, asked, now)
    if offer.large and not yes and not agreed("Fetch all that?"):
        raise environments.Declined("nothing was fetched")
    command.fetched(stack, offer)


@app.command("assets", rich_help_panel=PANEL)
def show_assets(env: Env = "local") -> None:
    """Which asset is which id at which source, and whether it is listed there by the newest lists."""
    stack = Stack.find(env)
    config = stack.config()
    ask = query.with_duckdb if env == environments.LOCAL else query.with_athena
    with console.status("Asking for the sources' lists"):
        newest = ask(stack, catalog.NEWEST)
    sources = sorted({source for ids in config.assets.values() for source in ids})
    console.print(catalog.table(config, newest, sources))
