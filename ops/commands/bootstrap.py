"""``coinlake bootstrap``: the bucket for Terraform's state, once per account and region."""

import typer

from ops.commands.options import AWS, Environment, Json
from ops.deploy import environments
from ops.documents import print_json

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def bootstrap(environment: Environment, as_json: Json = False) -> None:
    """Make the bucket for Terraform's state in the environment's region; once, and safe to repeat."""
    bucket = environments.bootstrap(environment)
    if as_json:
        print_json({"bucket": bucket})
