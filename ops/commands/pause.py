"""``coinlake pause``: stop a feed's schedule."""

from typing import Annotated

import typer

from ops.commands.options import REPAIR, Env
from ops.progress import console
from ops.repair.schedules import set_schedule
from ops.stack import Stack

app = typer.Typer()


@app.command(rich_help_panel=REPAIR)
def pause(feed: Annotated[str, typer.Argument(help="The feed's name.")], env: Env = "local") -> None:
    """Stop a feed's schedule; everything collected stays."""
    set_schedule(Stack.find(env), feed, enabled=False)
    console.print(
        f"{feed} is paused until the next deploy; add it to paused_feeds in {env}.tfvars to make it last"
    )
