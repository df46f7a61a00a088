"""``coinlake unlock``: remove a state lock that a killed run left behind."""

from typing import Annotated

import typer

from ops.commands.options import AWS, Environment, Json
from ops.deploy import environments
from ops.documents import print_json
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def unlock(
    environment: Environment,
    lock_id: Annotated[str, typer.Argument(help="As the failed run printed it.")],
    as_json: Json = False,
) -> None:
    """Remove a state lock that a killed run left behind."""
    if environment == environments.LOCAL:
        local.unlock(Laptop.from_env(), lock_id)
    else:
        environments.unlock(environment, lock_id)
    if as_json:
        print_json({"environment": environment, "unlocked": lock_id})
    else:
        console.print("the lock is removed")
