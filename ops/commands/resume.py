"""``coinlake resume``: start a paused feed's schedule again."""

from typing import Annotated

import typer

from ops.commands.options import REPAIR, Env
from ops.progress import console
from ops.repair.schedules import set_schedule
from ops.stack import Stack

app = typer.Typer()


@app.command(rich_help_panel=REPAIR)
def resume(feed: Annotated[str, typer.Argument(help="The feed's name.")], env: Env = "local") -> None:
    """Start a paused feed's schedule again."""
    set_schedule(Stack.find(env), feed, enabled=True)
    console.print(f"{feed} runs again; if paused_feeds in {env}.tfvars names it, remove it there too")
