"""What the demo shows at its end."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from coinlake import keys
from coinlake.keys import QuarantineKey
from coinlake.records import Rejection, parse_quarantine
from coinlake.tables import tables
from ops import dates
from ops.dates import DateRange
from ops.gaps import derived
from ops.load import load
from ops.load import tables as load_tables
from ops.load.load import LoadOptions
from ops.local.dashboard import DashboardServer
from ops.local.laptop import Laptop
from ops.local.mailbox import Mail
from ops.progress import console, panel_width, step
from ops.query import athena, duckdb, postgres
from ops.query.result import QueryResult
from ops.stack import Stack
from ops.status import report as status
from ops.status import tables as status_tables

MAX_QUARANTINE_BYTES: Final = 1 << 20
MAX_ROWS: Final = 12
MAX_MAILS: Final = 6
SQL: Final = """\
SELECT base, count(*) AS snapshots, min(price) AS lowest, max(price) AS highest,
       CAST(100 * (CAST(max(price) AS double precision) / CAST(min(price) AS double precision) - 1)
            AS decimal(18, 2)) AS range_percent
FROM quotes
WHERE source = 'coingecko' AND quote = 'USD'
GROUP BY base
ORDER BY max(market_cap) DESC
LIMIT 8"""
BTC_SQL: Final = (
    "SELECT source, quote, price, observed_at FROM latest WHERE base = 'BTC' ORDER BY source, quote"
)


def show(laptop: Laptop, stack: Stack, mails: Sequence[Mail], *, live: bool) -> None:
    """Zones, quarantined rows, mails, one query answered by each engine, and the warehouse compared."""
    today = dates.now().date()
    days = [today, today - timedelta(days=1)]
    with step("Looking at what landed"):
        totals = status.ledger_totals(stack, days)
        zones = status.zones(stack, totals)
    console.print(status_tables.zones_table(zones, len(days)))
    if incomplete := derived.summary(derived.read(stack, DateRange(days[1], days[0]), dates.now())):
        console.print(f"{incomplete}.")
    if totals.quarantined:
        console.print(quarantined_rows(stack))
    for mail in mails[-MAX_MAILS:]:
        console.print(mail_panel(mail))
    if live:
        console.print(
            "[dim]LIVE: the real APIs were asked, so no price shock and no bad rows were injected.[/]"
        )
    console.print(duckdb.query(stack, BTC_SQL).table("BTC, the newest price of every source"))
    sql = Syntax(SQL, "sql", background_color="default")
    engines: dict[str, Callable[[str], QueryResult]] = {
        "DuckDB over the Parquet files": partial(duckdb.query, stack),
        "Athena": partial(athena.query, stack),
    }
    if "postgres" in stack.load:
        engines["PostgreSQL, the warehouse"] = partial(postgres.query, laptop)
        with step("Refined is loaded into PostgreSQL") as current:
            loaded = load.run(stack, "postgres", LoadOptions())
            current.conclude(f"{loaded['rows_loaded']:,} rows")
    title = f"One question, {len(engines)} engines"
    console.print(Panel(sql, title=title, title_align="left", width=panel_width()))
    for engine, query in engines.items():
        started = time.monotonic()
        result = query(SQL)
        console.print(result.table(f"{engine}, {time.monotonic() - started:.1f} s"))
    if "postgres" in stack.load:
        compared = load.check(stack, "postgres", LoadOptions(tables=("quotes",)))
        console.print(load_tables.comparison(compared, "Lake, ledger and warehouse compared"))


def quarantined_rows(stack: Stack) -> Table:
    """The newest rejected rows, with why."""
    table = Table(title="Quarantined rows, newest first", title_justify="left", title_style="bold")
    for name in ("source", "slot (UTC)", "row", "field", "value", "reason"):
        table.add_column(name)
    for key, rejection in _newest_rejections(stack)[:MAX_ROWS]:
        row = "whole answer" if rejection.row is None else str(rejection.row)
        cells = (rejection.field or "", rejection.value or "", rejection.code)
        origin = f"{key.source} {key.dataset}"
        table.add_row(origin, f"{key.slot.time:%Y-%m-%d %H:%M}", row, *(escape(cell) for cell in cells))
    return table


def _newest_rejections(stack: Stack) -> list[tuple[QuarantineKey, Rejection]]:
    newest_first = [QuarantineKey.parse(key) for key in stack.lake.keys(keys.QUARANTINE)]
    newest_first.sort(key=lambda key: key.slot, reverse=True)
    return [
        (key, rejection)
        for key in newest_first[:MAX_ROWS]
        for rejection in parse_quarantine(stack.lake.get(str(key), MAX_QUARANTINE_BYTES).body)
    ]


def mail_panel(mail: Mail) -> Panel:
    """A mail as its reader sees it."""
    head = f"[bold]Subject: {escape(mail.subject)}[/]\n[dim]{escape(mail.sent)}[/]\n"
    return Panel(
        Group(head, escape(mail.body)),
        title="✉ Mail",
        title_align="left",
        border_style="cyan",
        width=panel_width(),
    )


def next_commands(laptop: Laptop) -> Panel:
    """The commands to go on with; the stack is left running."""
    coinlake = _as_called(Path(sys.argv[0]))
    lines = {
        DashboardServer(laptop).address: "the dashboard",
        f"{coinlake} status": "what arrives, what waits, what was mailed",
        f'{coinlake} query "SELECT …"': f"your own question; the tables: {', '.join(tables())}",
        f"{coinlake} --help": "replay, reconcile, redrive, pause a feed …",
        f"source {relative(laptop.exports)}": "then the AWS tools find the embedded AWS: aws s3 ls",
        "make down": "stops it; the data stays for the next time",
    }
    grid = Table.grid(padding=(0, 3))
    for command, meaning in lines.items():
        grid.add_row(f"[bold]{escape(command)}[/]", escape(meaning))
    return Panel(grid, title="The stack is running", title_align="left", width=panel_width())


def _as_called(program: Path) -> str:
    return str(relative(program)) if program.name == "coinlake" else "coinlake"


def relative(path: Path) -> Path:
    """The path from the working directory, where it lies below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
