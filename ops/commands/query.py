"""``coinlake query``: SQL over a stack's tables."""

from pathlib import Path
from typing import Annotated

import typer

from coinlake.intervals import parse_utc
from coinlake.tables import catalog
from ops.commands.options import LOOK, Env
from ops.deploy import environments
from ops.progress import console
from ops.query import duckdb as query
from ops.query import view as query_view
from ops.query.questions import questions
from ops.stack import Stack

app = typer.Typer()


@app.command("query", rich_help_panel=LOOK)
def run_query(
    sql: Annotated[
        str, typer.Argument(help=f"One SELECT over the tables {', '.join(catalog())}.", show_default=False)
    ] = "",
    *,
    env: Env = "local",
    name: Annotated[
        str, typer.Option("--name", help="Ask one of the ready questions instead, such as movers.")
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the ready questions.")] = False,
    athena: Annotated[
        bool | None,
        typer.Option("--athena/--duckdb", help="The engine; without it DuckDB here and Athena on AWS."),
    ] = None,
    as_of: Annotated[
        str, typer.Option(help="What was known then: only rows received by this time, with its zone.")
    ] = "",
    csv: Annotated[
        Path | None, typer.Option(help="Write every row to this file, safe for spreadsheets.")
    ] = None,
    parquet: Annotated[Path | None, typer.Option(help="Write every row to this Parquet file.")] = None,
) -> None:
    """Ask the lake in SQL, for example: coinlake query "SELECT base, max(price) FROM quotes GROUP BY base".

    A table's plain name is the deduplicated one, trusted_… every row as received; the ready questions
    (--list) are tables too. DuckDB keeps a copy of the Parquet files here and fetches only what is new.
    Times are UTC.
    """
    if listed:
        console.print(query_view.listing(questions()))
        return
    asked = query_view.one_of(sql, name)
    moment = parse_utc(as_of) if as_of else None
    stack = Stack.find(env)
    on_athena = athena if athena is not None else env != environments.LOCAL
    engine, ask = ("Athena", query.with_athena) if on_athena else ("DuckDB", query.with_duckdb)
    with console.status(f"Asking {engine}"):
        answer = ask(stack, asked, moment)
    query_view.show(answer, engine, csv, parquet)
