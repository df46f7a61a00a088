"""``coinlake preflight``: what would stop a deployment, found before it begins."""

import os
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from ops.commands.options import AWS, Environment, Json
from ops.deploy.environments import LOCAL, reach
from ops.deploy.tfvars import Settings
from ops.documents import print_json
from ops.local.laptop import Laptop
from ops.local.lifecycle import granted_keys, machine_variables
from ops.preflight import preflight
from ops.preflight.findings import Level
from ops.progress import console

app = typer.Typer()
COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


@app.command("preflight", rich_help_panel=AWS)
def check(
    environment: Environment,
    offline: Annotated[bool, typer.Option(help="Check the files alone; ask no account.")] = False,
    as_json: Json = False,
) -> None:
    """Check an environment's variables, its account, and that its feeds request no more than is granted.

    Nothing is changed. `plan`, `deploy` and `up` run it first. For `local` the embedded AWS is asked,
    where it is up. The exit status is 1 where a finding is an error.
    """
    settings = Settings.load(environment)
    aws = None if offline else reach(environment)
    if environment == LOCAL:
        laptop = Laptop.from_env()
        variables = machine_variables(laptop, live=False)
        report = preflight.run(
            settings.path, variables, aws, {**os.environ, **granted_keys(laptop, live=False)}
        )
    else:
        report = preflight.run(settings.path, aws=aws)
    if as_json:
        usage = {source: asdict(used) for source, used in report.usage.items()}
        findings = [asdict(finding) for finding in report.findings]
        print_json({"findings": findings, "usage": usage})
    else:
        for finding in report.findings:
            mark = f"[{COLOURS[finding.level]}]{finding.level:7}[/]"
            console.print(f"{mark} {escape(str(finding))}", soft_wrap=True)
    if report.errors:
        raise typer.Exit(1)
