"""``coinlake down``: stop what ``up``, ``demo`` and ``stream`` started."""

from typing import Annotated

import typer

from ops.commands.options import LAPTOP
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=LAPTOP)
def down(
    wipe: Annotated[bool, typer.Option(help="Also delete the embedded AWS's data and state.")] = False,
) -> None:
    """Stop the embedded AWS and the simulator. Their data stays, unless --wipe."""
    for line in local.down(Laptop.from_env(), wipe=wipe) or ["nothing was running"]:
        console.print(line)
