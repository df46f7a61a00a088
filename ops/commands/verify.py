"""``coinlake verify``: a smoke test of a deployed stack."""

from dataclasses import asdict
from typing import Annotated

import typer

from ops.commands.options import LOOK, Env, Json
from ops.documents import print_json
from ops.progress import console
from ops.stack import Stack
from ops.verify.verify import Verification

app = typer.Typer()


@app.command(rich_help_panel=LOOK)
def verify(
    env: Env = "local",
    mail: Annotated[bool, typer.Option("--mail", help="Send a mail to alert_emails, too.")] = False,
    as_json: Json = False,
) -> None:
    """Send one marked row through a stack, from raw to Athena, and remove it again.

    It lies in a day of 2020 that nothing else uses, in the table of exchange rates, from which nothing
    is derived. Each step says how long it took; the first that fails ends it, with where to look.
    """
    steps = Verification(Stack.find(env)).run(mail=mail)
    if as_json:
        print_json({"environment": env, "steps": [asdict(step) for step in steps]})
        return
    total = sum(step.seconds for step in steps)
    slowest = max(steps, key=lambda step: step.seconds)
    console.print(
        f"{env} works: {len(steps)} steps in {total:.1f} s, the longest {slowest.name.split(':')[0]} "
        f"with {slowest.seconds:.1f} s"
    )
