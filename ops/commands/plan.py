"""``coinlake plan``: what a deployment would change."""

import typer

from ops.commands.options import AWS, Environment
from ops.deploy import environments

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def plan(environment: Environment) -> None:
    """Show what `deploy` would change in an environment on AWS; nothing is changed."""
    print(environments.plan(environment))
