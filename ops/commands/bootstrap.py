"""``coinlake bootstrap``: the bucket for Terraform's state, once per account and region."""

import typer

from ops.commands.options import AWS, Environment
from ops.deploy import environments

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def bootstrap(environment: Environment) -> None:
    """Make the bucket for Terraform's state in the environment's region; once, and safe to repeat."""
    environments.bootstrap(environment)
