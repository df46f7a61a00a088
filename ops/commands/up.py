"""``coinlake up``: the whole stack on this machine."""

import typer

from ops.commands.options import LAPTOP, Live
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=LAPTOP)
def up(live: Live = False) -> None:
    """Start the embedded AWS and the exchange simulator, and deploy the stack with Terraform.

    What already stands is reused: a second `coinlake up` only applies what changed.
    """
    stack = local.up(Laptop.from_env(), live=live)
    console.print(
        f"The stack is up: {len(stack.feeds())} feeds. [bold]coinlake status[/] shows what arrives."
    )
