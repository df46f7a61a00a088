"""``coinlake bootstrap``: the bucket for Terraform's state, once per account and region."""

import typer

from ops.commands.options import AWS
from ops.deploy import environments

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def bootstrap() -> None:
    """Make the bucket for Terraform's state in this account and region; once, and safe to repeat."""
    environments.bootstrap()
