"""``up``, ``demo``, ``down``: the whole stack on this machine."""

from typing import Annotated, Final

import typer

from ops.commands.options import Live
from ops.demo import demo as demonstration
from ops.demo.report import how_to_look_further
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()
PANEL: Final = "On this laptop"


@app.command(rich_help_panel=PANEL)
def up(live: Live = False) -> None:
    """Start the embedded AWS and the exchange simulator, and deploy the stack with Terraform.

    What already stands is reused: a second `coinlake up` only applies what changed.
    """
    stack = local.up(Laptop.from_env(), live=live)
    console.print(
        f"The stack is up: {len(stack.feeds())} feeds. [bold]coinlake status[/] shows what arrives."
    )


@app.command(rich_help_panel=PANEL)
def demo(live: Live = False) -> None:
    """Bring everything up and show it all at work: history, live frames, alert mails, SQL, the dashboard.

    A year of daily candles is fetched and every candle accounted for. A price shock and bad rows are
    provoked in the simulator, so that you see the mails they cause. With --live the real APIs are asked,
    and nothing is provoked. The stack is left running.
    """
    laptop = Laptop.from_env()
    stack = local.up(laptop, live=live)
    demonstration.run(laptop, stack, live=live)
    console.print(how_to_look_further(laptop))


@app.command(rich_help_panel=PANEL)
def down(
    wipe: Annotated[bool, typer.Option(help="Also delete the embedded AWS's data and state.")] = False,
) -> None:
    """Stop the embedded AWS and the simulator. Their data stays, unless --wipe."""
    for line in local.down(Laptop.from_env(), wipe=wipe) or ["nothing was running"]:
        console.print(line)
