"""``coinlake plan``: what a deployment would change."""

from pathlib import Path
from typing import Annotated

import typer

from ops.commands.options import AWS, Environment
from ops.deploy import environments

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
) -> None:
    """Show what `deploy` would change in an environment on AWS; nothing is changed.

    With --out only addresses are printed; the folder holds the values too, so it is nothing to publish.
    """
    if out:
        saved = environments.save_plan(environment, out.resolve(), upload=upload)
        print((saved.folder / "summary.md").read_text())
    elif upload:
        raise typer.BadParameter("--upload needs --out")
    else:
        print(environments.plan(environment))
