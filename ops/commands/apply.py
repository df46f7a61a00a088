"""``coinlake apply``: exactly what was planned."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ops.commands.options import AWS, Environment, Json
from ops.deploy import environments
from ops.documents import print_json
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def apply(
    environment: Environment,
    saved: Annotated[
        Path, typer.Option("--from", file_okay=False, help="The folder that `coinlake plan --out` wrote.")
    ],
    sha256: Annotated[
        str | None,
        typer.Option("--download", help="Fetch it from the state bucket first, by its SHA-256."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Apply a saved plan, with the packages it was made of, and without asking again.

    A plan or a package that changed is refused, and so is a plan that another deployment overtook. API
    keys are in no plan: export the same TF_VAR_… as for `coinlake plan`.
    """
    outputs = environments.apply_plan(environment, saved.resolve(), sha256)
    if as_json:
        print_json({"environment": environment, "region": outputs["region"]})
        return
    console.print(f"{escape(environment)} is deployed in {outputs['region']}")
