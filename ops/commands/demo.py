"""``coinlake demo``: the whole stack at work on this machine."""

import typer

from ops.commands.options import LAPTOP, Live
from ops.demo import demo as demonstration
from ops.demo.report import next_commands
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.progress import console

app = typer.Typer()


@app.command(rich_help_panel=LAPTOP)
def demo(live: Live = False) -> None:
    """Bring everything up and show it all at work: history, live frames, alert mails, SQL, the dashboard.

    A year of daily candles is fetched and every candle accounted for. A price shock and bad rows are
    injected in the simulator, so that you see the mails they cause. With --live the real APIs are asked,
    and no fault is injected. The stack is left running.
    """
    laptop = Laptop.from_env()
    stack = local.up(laptop, live=live)
    demonstration.run(laptop, stack, live=live)
    console.print(next_commands(laptop))
