"""``coinlake up``: the whole stack on this machine."""

from typing import Annotated

import typer

from ops.commands.options import LAPTOP, Json, Live
from ops.documents import print_json
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=LAPTOP)
def up(
    *,
    live: Live = False,
    spark: Annotated[bool, typer.Option("--spark", help="With the Spark job: spark/README.md.")] = False,
    as_json: Json = False,
) -> None:
    """Start the embedded AWS and the exchange simulator, and deploy the stack with Terraform.

    What already stands is reused: a second `coinlake up` only applies what changed.
    """
    laptop = Laptop.from_env()
    stack = local.up(laptop, live=live, overrides={"enable_spark": True} if spark else None)
    if as_json:
        print_json(
            {
                "environment": stack.environment,
                "endpoint": laptop.endpoint,
                "region": stack.aws.region,
                "exports": laptop.exports,
                "feeds": [feed.name for feed in stack.feeds()],
            }
        )
        return
    console.print(
        f"The stack is up: {len(stack.feeds())} feeds. [bold]coinlake status[/] shows what arrives."
    )
