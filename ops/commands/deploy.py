"""``coinlake deploy``: build, plan, ask, apply."""

import typer

from ops.commands.options import AWS, Environment, Yes, confirm
from ops.deploy import environments
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def deploy(environment: Environment, yes: Yes = False) -> None:
    """Build, plan, ask and apply the stack that terraform/environments/ENVIRONMENT.tfvars describes.

    Credentials come from the usual AWS chain; the state is encrypted and locked in the state bucket.
    """
    outputs = environments.deploy(environment, lambda question: yes or confirm(question))
    for line in environments.next_steps(environment, outputs):
        console.print(line)
