"""``coinlake plan``: what a deployment would change."""

from pathlib import Path
from typing import Annotated

import typer

from ops.commands.options import AWS, Environment, Json
from ops.deploy import environments
from ops.documents import print_json

app = typer.Typer()


@app.command(rich_help_panel=AWS)
def plan(
    environment: Environment,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Keep the plan in this folder, with its packages, for `coinlake apply`."
        ),
    ] = None,
    upload: Annotated[
        bool, typer.Option("--upload", help="Put it into the state bucket too; OUT.sha256 is its name there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what `deploy` would change in an environment on AWS; nothing is changed.

    With --out only addresses are printed; the folder holds the values too, so it is nothing to publish.
    """
    if upload and not out:
        raise typer.BadParameter("--upload needs --out")
    if out:
        saved = environments.save_plan(environment, out.resolve(), upload=upload)
        document = {"folder": saved.folder, "plan": (saved.folder / "summary.md").read_text()}
    else:
        document = {"folder": None, "plan": environments.plan(environment)}
    if as_json:
        print_json({"environment": environment, **document})
    else:
        print(document["plan"])
