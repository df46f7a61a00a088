"""``coinlake dashboard``: the page over a stack's data, in the browser."""

from typing import Annotated

import typer

from ops import dashboard
from ops.commands.options import LOOK, Env
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
) -> None:
    """Serve the dashboard over the stack's data on this machine, until Ctrl-C.

    It reads the stack's site bucket with your AWS credentials: it needs no public address.
    """
    stack = Stack.find(env)
    if url := stack.dashboard_url:
        console.print(f"This stack's own dashboard is at [bold]{url}[/]")
    dashboard.serve(
        stack.site,
        port,
        lambda address: console.print(f"The dashboard is at [bold]{address}[/] (Ctrl-C ends it)"),
        browser=browser,
    )
