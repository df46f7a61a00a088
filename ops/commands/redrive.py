"""``coinlake redrive``: empty a stage's dead-letter queue."""

from typing import Annotated

import typer

from ops.commands.options import REPAIR, Env, Json
from ops.documents import print_json
from ops.progress import console, step
from ops.repair import redrive
from ops.stack import Stack

app = typer.Typer()


@app.command("redrive", rich_help_panel=REPAIR)
def run_redrive(
    stage: Annotated[str, typer.Argument(help="ingest, transform, refine or notify.")],
    env: Env = "local",
    as_json: Json = False,
) -> None:
    """Empty a stage's dead-letter queue back to where its messages came from, once the fault is fixed."""
    stack = Stack.find(env)
    with step(f"Redriving {stage}") as current:
        result = redrive.redrive(stack, stage, lambda sent: current.say(f"{sent:,} sent back"))
        current.conclude(f"{result.sent:,} sent back")
    if as_json:
        print_json({"stage": stage, "sent": result.sent, "kept": result.kept})
    elif result.kept:
        console.print(f"{result.kept:,} messages stay in the queue: coinlake did not write them")
