"""``coinlake resume``: start a paused feed's schedule again."""

from typing import Annotated

import typer
from rich.markup import escape

from ops.commands.options import REPAIR, Env, Json
from ops.documents import print_json
from ops.progress import console
from ops.repair.schedules import set_schedule
from ops.stack import Stack

app = typer.Typer()


@app.command(rich_help_panel=REPAIR)
def resume(
    feed: Annotated[str, typer.Argument(help="The feed's name.")], env: Env = "local", as_json: Json = False
) -> None:
    """Start a paused feed's schedule again."""
    set_schedule(Stack.find(env), feed, enabled=True)
    if as_json:
        print_json({"feed": feed, "paused": False})
        return
    console.print(
        f"{escape(feed)} runs again; if paused_feeds in {escape(env)}.tfvars names it, remove it there too"
    )
