"""``coinlake status``: what a stack holds, and its health."""

from typing import Annotated

import typer

from ops import dates
from ops.commands.options import LOOK, Env, Json
from ops.documents import print_json
from ops.progress import console
from ops.stack import Stack
from ops.status import report, tables

app = typer.Typer()


@app.command("status", rich_help_panel=LOOK)
def show_status(
    env: Env = "local",
    days: Annotated[int, typer.Option(min=1, max=31, help="Count rows over this many days.")] = 2,
    as_json: Json = False,
) -> None:
    """Feeds' freshness, objects and rows per zone, quarantine by reason, queues, last mails."""
    stack = Stack.find(env)
    with console.status("Looking at the stack"):
        status = report.read(stack, dates.now(), days)
    if as_json:
        print_json(tables.document(status))
        return
    for table in tables.view(status):
        console.print(table)
