"""``bootstrap``, ``deploy``, ``destroy``, ``unlock``: the stack on AWS."""

from typing import Annotated, Final

import typer

from ops.commands.options import Yes, agreed
from ops.deploy import environments
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

Environment = Annotated[str, typer.Argument(help="A name in terraform/environments, for example dev.")]

app = typer.Typer()
PANEL: Final = "On AWS"


@app.command(rich_help_panel=PANEL)
def bootstrap() -> None:
    """Make the bucket for Terraform's state in this account and region; once, and safe to repeat."""
    environments.bootstrap()


@app.command(rich_help_panel=PANEL)
def deploy(environment: Environment, yes: Yes = False) -> None:
    """Build, plan, ask and apply the stack that terraform/environments/ENVIRONMENT.tfvars describes.

    Credentials come from the usual AWS chain; the state is encrypted and locked in the state bucket.
    """
    outputs = environments.deploy(environment, lambda question: yes or agreed(question))
    for line in environments.after_deploy(environment, outputs):
        console.print(line)


@app.command(rich_help_panel=PANEL)
def destroy(environment: Environment, yes: Yes = False) -> None:
    """Remove the stack. With protect_data = true in its file, AWS refuses while data is there."""
    environments.destroy(environment, lambda question: yes or agreed(question))


@app.command(rich_help_panel=PANEL)
def unlock(
    environment: Environment, lock_id: Annotated[str, typer.Argument(help="As the failed run told it.")]
) -> None:
    """Remove a state lock that a killed run left behind."""
    if environment == environments.LOCAL:
        local.unlock(Laptop.from_env(), lock_id)
    else:
        environments.unlock(environment, lock_id)
    console.print("the lock is removed")
