"""``coinlake deploy``: build, plan, ask, apply."""

import typer

from ops.commands.options import AWS, Environment, Yes, agreed
from ops.deploy import environments
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def deploy(environment: Environment, yes: Yes = False) -> None:
    """Build, plan, ask and apply the stack that terraform/environments/ENVIRONMENT.tfvars describes.

    Credentials come from the usual AWS chain; the state is encrypted and locked in the state bucket.
    """
    outputs = environments.deploy(environment, lambda question: yes or agreed(question))
    for line in environments.after_deploy(environment, outputs):
        console.print(line)
