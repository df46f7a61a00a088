"""``status`` and ``query``: what a stack holds and how it does."""

from pathlib import Path
from typing import Annotated, Final

import typer

from coinlake.tables import tables
from ops import environments, query, status, status_view
from ops.commands.options import Env
from ops.progress import console
from ops.stack import Stack

app = typer.Typer()
PANEL: Final = "Look"


@app.command("status", rich_help_panel=PANEL)
def show_status(
    env: Env = "local",
    days: Annotated[int, typer.Option(min=1, max=31, help="Count rows over this many days.")] = 2,
) -> None:
    """Feeds' freshness, objects and rows per zone, quarantine by reason, queues, last mails."""
    stack = Stack.find(env)
    with console.status("Looking at the stack"):
        found = status.read(stack, status.now(), days)
    for table in status_view.view(found):
        console.print(table)


@app.command("query", rich_help_panel=PANEL)
def run_query(
    sql: Annotated[str, typer.Argument(help=f"One SELECT over the tables {', '.join(tables())}.")],
    env: Env = "local",
    athena: Annotated[
        bool | None,
        typer.Option("--athena/--duckdb", help="The engine; without it DuckDB here and Athena on AWS."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write every row to this file, safe for spreadsheets.")
    ] = None,
) -> None:
    """Ask the lake in SQL, for example: coinlake query "SELECT base, max(price) FROM quotes GROUP BY base".

    DuckDB keeps a copy of the Parquet files here and fetches only what is new. Times are UTC.
    """
    stack = Stack.find(env)
    on_athena = athena if athena is not None else env != environments.LOCAL
    with console.status("Asking Athena" if on_athena else "Asking DuckDB"):
        answer = query.with_athena(stack, sql) if on_athena else query.with_duckdb(stack, sql)
    if csv:
        answer.write_csv(csv)
        console.print(f"wrote {len(answer.rows):,} rows to {csv}")
    else:
        console.print(answer.table(f"{len(answer.rows):,} rows from {'Athena' if on_athena else 'DuckDB'}"))
