"""``coinlake dashboard``: the page over a stack's data, in the browser."""

from typing import Annotated

import typer
from rich.markup import escape

from ops import dashboard
from ops.commands.options import LOOK, Env, Json
from ops.documents import print_json
from ops.progress import console
from ops.stack import Stack

app = typer.Typer()


@app.command("dashboard", rich_help_panel=LOOK)
def show_dashboard(
    env: Env = "local",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Serve on this port of this machine; 0 takes any free one.")
    ] = dashboard.PORT,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    as_json: Json = False,
) -> None:
    """Serve the dashboard over the stack's data on this machine, until Ctrl-C.

    It reads the stack's site bucket with your AWS credentials: it needs no public address.
    """
    stack = Stack.find(env)
    if url := stack.dashboard_url:
        console.print(f"This stack's own dashboard is at [bold]{escape(url)}[/]")

    def announce(address: str) -> None:
        if as_json:
            print_json({"address": address, "public_address": stack.dashboard_url})
        console.print(f"The dashboard is at [bold]{address}[/] (Ctrl-C ends it)")

    dashboard.serve(stack.site, port, announce, browser=browser)
