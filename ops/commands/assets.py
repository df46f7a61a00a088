"""``coinlake assets``: which asset is which id at which source."""

import typer

from ops import assets as catalog
from ops.commands.options import HISTORY, Env, Json
from ops.deploy import environments
from ops.documents import print_json
from ops.progress import console
from ops.query import athena, duckdb
from ops.stack import Stack

app = typer.Typer()


@app.command("assets", rich_help_panel=HISTORY)
def show_assets(env: Env = "local", as_json: Json = False) -> None:
    """Which asset is which id at which source, and whether it is listed there by the newest lists."""
    stack = Stack.find(env)
    config = stack.config()
    query = (duckdb if env == environments.LOCAL else athena).query
    with console.status("Asking for the sources' lists"):
        newest = query(stack, catalog.NEWEST)
    sources = sorted({source for ids in config.assets.values() for source in ids})
    if as_json:
        print_json(catalog.document(config, newest, sources))
    else:
        console.print(catalog.table(config, newest, sources))
