"""``coinlake deploy``: build, plan, ask, apply."""

import typer
from rich.markup import escape

from ops.commands.options import AWS, Environment, Json, Yes, confirm
from ops.deploy import environments
from ops.documents import print_json
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def deploy(environment: Environment, yes: Yes = False, as_json: Json = False) -> None:
    """Build, plan, ask and apply the stack that terraform/environments/ENVIRONMENT.tfvars describes.

    Credentials come from the usual AWS chain; the state is encrypted and locked in the state bucket.
    """
    outputs = environments.deploy(environment, lambda question: yes or confirm(question))
    steps = environments.next_steps(environment, outputs)
    if as_json:
        print_json({"environment": environment, "region": outputs["region"], "next_steps": steps})
        return
    for line in steps:
        console.print(escape(line))
