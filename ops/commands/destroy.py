"""``coinlake destroy``: remove a stack on AWS."""

import typer

from ops.commands.options import AWS, Environment, Json, Yes, confirm
from ops.deploy import environments
from ops.documents import print_json

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def destroy(environment: Environment, yes: Yes = False, as_json: Json = False) -> None:
    """Remove the stack. With protect_data = true in its file, AWS refuses while data is there."""
    environments.destroy(environment, lambda question: yes or confirm(question))
    if as_json:
        print_json({"environment": environment, "destroyed": True})
