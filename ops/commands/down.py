"""``coinlake down``: stop what ``up``, ``demo`` and ``stream`` started."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from ops.commands.options import LAPTOP, Json
from ops.documents import print_json
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=LAPTOP)
def down(
    wipe: Annotated[bool, typer.Option(help="Also delete the embedded AWS's data and state.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the embedded AWS and the simulator. Their data stays, unless --wipe."""
    done = local.down(Laptop.from_env(), wipe=wipe)
    if as_json:
        print_json(asdict(done))
        return
    for line in done.lines() or ["nothing was running"]:
        console.print(escape(line))
