"""What the demo shows at its end."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from coinlake import keys
from coinlake.keys import QuarantineKey
from coinlake.records import Rejection, parse_quarantine
from coinlake.tables import tables
from ops.local.dashboard import DashboardServer
from ops.local.laptop import Laptop
from ops.local.mailbox import Mail
from ops.progress import console, step
from ops.query import duckdb as query
from ops.query.result import Answer
from ops.stack import Stack
from ops.status import report as status
from ops.status import tables as status_view

QUARANTINE_BYTES: Final = 1 << 20
ROWS_SHOWN: Final = 12
MAILS_SHOWN: Final = 6
SQL: Final = """\
SELECT base, count(*) AS snapshots, min(price) AS lowest, max(price) AS highest,
       round(100 * (CAST(max(price) AS double) / CAST(min(price) AS double) - 1), 2) AS range_percent
FROM quotes
WHERE source = 'coingecko' AND quote = 'USD'
GROUP BY base
ORDER BY max(market_cap) DESC
LIMIT 8"""


def show(stack: Stack, mails: Sequence[Mail], *, live: bool) -> None:
    """Zones, quarantined rows, mails, and one query answered twice."""
    today = status.now().date()
    days = [today, today - timedelta(days=1)]
    with step("Looking at what landed"):
        done = status.work(stack, days)
        zones = status.zones(stack, done)
    console.print(status_view.zones_table(zones, len(days)))
    if done.quarantined:
        console.print(quarantined_rows(stack))
    for mail in mails[-MAILS_SHOWN:]:
        console.print(mail_panel(mail))
    if live:
        console.print(
            "[dim]LIVE: the real APIs were asked, so no price shock and no bad rows were provoked.[/]"
        )
    for part in answered(stack):
        console.print(part)


def answered(stack: Stack) -> Iterable[RenderableType]:
    """The same SQL by DuckDB, over the Parquet files, and by Athena."""
    yield Panel(
        Syntax(SQL, "sql", background_color="default"), title="One question, two engines", title_align="left"
    )
    yield _timed("DuckDB over the Parquet files", lambda: query.with_duckdb(stack, SQL))
    yield _timed("Athena", lambda: query.with_athena(stack, SQL))


def _timed(engine: str, ask: Callable[[], Answer]) -> Table:
    started = time.monotonic()
    answer = ask()
    return answer.table(f"{engine}, {time.monotonic() - started:.1f} s")


def quarantined_rows(stack: Stack) -> Table:
    """The newest rejected rows, with why."""
    table = Table(title="Quarantined rows, newest first", title_justify="left", title_style="bold")
    for name in ("source", "slot (UTC)", "row", "field", "value", "reason"):
        table.add_column(name)
    for key, rejection in _newest_rejections(stack)[:ROWS_SHOWN]:
        row = "whole answer" if rejection.row is None else str(rejection.row)
        cells = (rejection.field or "", rejection.value or "", rejection.code)
        origin = f"{key.source} {key.dataset}"
        table.add_row(origin, f"{key.slot.time:%Y-%m-%d %H:%M}", row, *(escape(cell) for cell in cells))
    return table


def _newest_rejections(stack: Stack) -> list[tuple[QuarantineKey, Rejection]]:
    found = [QuarantineKey.parse(key) for key in stack.lake.keys(keys.QUARANTINE)]
    found.sort(key=lambda key: key.slot, reverse=True)
    return [
        (key, rejection)
        for key in found[:ROWS_SHOWN]
        for rejection in parse_quarantine(stack.lake.get(str(key), QUARANTINE_BYTES).body)
    ]


def mail_panel(mail: Mail) -> Panel:
    """A mail as its reader sees it."""
    head = f"[bold]Subject: {escape(mail.subject)}[/]\n[dim]{escape(mail.sent)}[/]\n"
    return Panel(Group(head, escape(mail.body)), title="✉ Mail", title_align="left", border_style="cyan")


def how_to_look_further(laptop: Laptop) -> Panel:
    """The commands to go on with; the stack is left running."""
    coinlake = _as_called(Path(sys.argv[0]))
    lines = {
        DashboardServer(laptop).address: "the dashboard",
        f"{coinlake} status": "what arrives, what waits, what was mailed",
        f'{coinlake} query "SELECT …"': f"your own question; the tables: {', '.join(tables())}",
        f"{coinlake} --help": "replay, reconcile, redrive, pause a feed …",
        f"source {nearby(laptop.exports)}": "then the AWS tools find the embedded AWS: aws s3 ls",
        "make down": "stops it; the data stays for the next time",
    }
    grid = Table.grid(padding=(0, 3))
    for command, meaning in lines.items():
        grid.add_row(f"[bold]{escape(command)}[/]", escape(meaning))
    return Panel(grid, title="The stack is running", title_align="left")


def _as_called(program: Path) -> str:
    return str(nearby(program)) if program.name == "coinlake" else "coinlake"


def nearby(path: Path) -> Path:
    """The path as seen from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
