"""``coinlake outputs``: what Terraform says of a stack, for other programs that drive it."""

import typer
from rich.markup import escape
from rich.table import Table

from ops.commands.options import LOOK, Env, Json
from ops.documents import print_json
from ops.progress import console
from ops.stack import Stack

app = typer.Typer()


@app.command("outputs", rich_help_panel=LOOK)
def show_outputs(env: Env = "local", as_json: Json = False) -> None:
    """Show Terraform's outputs of the stack: its buckets, functions, queues, schedules.

    With --json they are the Variable that the DAGs of orchestration/ read.
    """
    outputs = Stack.find(env).outputs()
    if as_json:
        print_json(outputs)
        return
    table = Table(title=f"Outputs of {env}", title_justify="left")
    table.add_column("output")
    table.add_column("value", overflow="fold")
    for name, value in outputs.items():
        table.add_row(name, escape(str(value)))
    console.print(table)
