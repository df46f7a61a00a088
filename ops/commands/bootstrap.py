"""``coinlake bootstrap``: the bucket for Terraform's state, and the roles of GitHub's workflows."""

from typing import Annotated

import typer
from rich.markup import escape

from ops.commands.options import AWS, Environment, Json, Yes, confirm
from ops.deploy import environments
from ops.documents import print_json
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def bootstrap(
    environment: Environment,
    github: Annotated[
        bool,
        typer.Option(
            "--github",
            help="Make the roles too by which GitHub's workflows plan and deploy (terraform/github).",
        ),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make the bucket for Terraform's state in the environment's region; once, and safe to repeat."""
    bucket = environments.bootstrap(environment)
    steps = (
        environments.bootstrap_github(environment, lambda question: yes or confirm(question))
        if github
        else []
    )
    if as_json:
        print_json({"bucket": bucket, "next_steps": steps})
    for line in steps if not as_json else ():
        console.print(escape(line), soft_wrap=True)
