"""``coinlake pause``: stop a feed's schedule."""

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
def pause(
    feed: Annotated[str, typer.Argument(help="The feed's name.")], env: Env = "local", as_json: Json = False
) -> None:
    """Stop a feed's schedule; everything collected stays."""
    set_schedule(Stack.find(env), feed, enabled=False)
    if as_json:
        print_json({"feed": feed, "paused": True})
        return
    console.print(
        f"{escape(feed)} is paused until the next deploy; "
        f"add it to paused_feeds in {escape(env)}.tfvars to make it last"
    )
