"""``coinlake airflow``: Airflow with the project's DAGs over the laptop's stack."""

import signal
from contextlib import suppress
from typing import Annotated

import typer

from ops.commands.options import LAPTOP, Json
from ops.documents import print_json
from ops.local import airflow
from ops.local.airflow import Airflow
from ops.local.laptop import Laptop
from ops.progress import console, step
from ops.stack import Stack

app = typer.Typer()


@app.command("airflow", rich_help_panel=LAPTOP)
def run_airflow(
    port: Annotated[
        int,
        typer.Option(
            min=1024, max=65533, help="Its page's port on this machine; it takes the next two as well."
        ),
    ] = airflow.PORT,
    as_json: Json = False,
) -> None:
    """Run Airflow with the DAGs of orchestration/ over the embedded stack, until Ctrl-C.

    It may do what the orchestrator's policy allows and no more. It is installed once, about 380 MB.
    """
    laptop = Laptop.from_env()
    stack = Stack.embedded(laptop)
    server = Airflow(laptop)
    if not server.venv.installed:
        with step("Airflow: virtual environment"):
            server.venv.install()
    with console.status("Airflow starts") as status, server.running(stack, port) as address:
        status.stop()
        if as_json:
            print_json({"address": address})
        console.print(
            f"Airflow is at [bold]{address}[/], without a login (Ctrl-C ends it); its log is {server.log}"
        )
        with suppress(KeyboardInterrupt):
            signal.pause()
