"""``coinlake demo``: the whole stack at work on this machine."""

from dataclasses import asdict
from typing import Final

import typer

from ops import dates
from ops.commands.options import LAPTOP, Json, Live
from ops.demo import demo as demonstration
from ops.demo.report import next_commands
from ops.documents import print_json
from ops.local import lifecycle as local
from ops.local.dashboard import DashboardServer
from ops.local.laptop import Laptop
from ops.progress import console
from ops.status import report, tables

app = typer.Typer()
STATUS_DAYS: Final = 2


@app.command(rich_help_panel=LAPTOP)
def demo(live: Live = False, as_json: Json = False) -> None:
    """Bring everything up and show it all at work: history, live frames, alert mails, SQL, the dashboard.

    A year of daily candles is fetched and every candle accounted for. A price shock and bad rows are
    injected in the simulator, so that you see the mails they cause. With --live the real APIs are asked,
    and no fault is injected. The stack is left running.
    """
    laptop = Laptop.from_env()
    stack = local.up(laptop, live=live)
    mails = demonstration.run(laptop, stack, live=live)
    if as_json:
        print_json(
            {
                "dashboard": DashboardServer(laptop).address,
                "mails": [asdict(mail) for mail in mails],
                "status": tables.document(report.read(stack, dates.now(), STATUS_DAYS)),
            }
        )
        return
    console.print(next_commands(laptop))
