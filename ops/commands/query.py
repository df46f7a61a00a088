"""``coinlake query``: SQL over a stack's tables."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from coinlake.intervals import parse_utc
from coinlake.tables import catalog
from ops.commands.options import LOOK, STDOUT, Env, Json, output_file
from ops.deploy import environments
from ops.documents import print_json, write_stdout
from ops.progress import console, keep_stdout_for_data
from ops.query import athena as athena_engine
from ops.query import duckdb
from ops.query.questions import question, questions
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
        str,
        typer.Option(help="Show what was known at this time (with its zone): only rows received by then."),
    ] = "",
    csv: Annotated[
        Path | None,
        typer.Option(
            callback=output_file, help="Write every row to this file, safe for spreadsheets; - is stdout."
        ),
    ] = None,
    parquet: Annotated[
        Path | None,
        typer.Option(callback=output_file, help="Write every row to this Parquet file; - is stdout."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the lake in SQL, for example: coinlake query "SELECT base, max(price) FROM quotes GROUP BY base".

    A table's plain name is the deduplicated one, trusted_… every row as received; the ready questions
    (--list) are tables too. DuckDB keeps a copy of the Parquet files here and fetches only what is new.
    Times are UTC.
    """
    _check(sql=sql, name=name, listed=listed, files=(csv, parquet), as_json=as_json)
    if listed:
        if as_json:
            print_json(questions_document())
        else:
            console.print(questions_table())
        return
    keep_stdout_for_data(as_json or STDOUT in (csv, parquet))
    sql = sql or question(name).sql
    moment = parse_utc(as_of) if as_of else None
    stack = Stack.find(env)
    on_athena = athena if athena is not None else env != environments.LOCAL
    engine, query = ("Athena", athena_engine.query) if on_athena else ("DuckDB", duckdb.query)
    with console.status(f"Asking {engine}"):
        result = query(stack, sql, moment)
    for path, write in ((csv, result.write_csv), (parquet, result.write_parquet)):
        if path == STDOUT:
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder) / "rows")
                write_stdout((Path(folder) / "rows").read_bytes())
        elif path:
            write(path)
            console.print(f"wrote {len(result.rows):,} rows to {escape(str(path))}")
    if as_json:
        print_json({"engine": engine, **result.document()})
    elif not csv and not parquet:
        console.print(result.table(f"{len(result.rows):,} rows from {engine}"))


def _check(*, sql: str, name: str, listed: bool, files: Sequence[Path | None], as_json: bool) -> None:
    """Raise ``BadParameter``, which shows the usage, for options that contradict one another."""
    if listed and (sql or name or any(files)):
        raise typer.BadParameter("--list asks nothing; leave out the SQL, --name, --csv and --parquet")
    if not listed and bool(sql.strip()) == bool(name):
        raise typer.BadParameter(
            'give either SQL or --name, as in `coinlake query "SELECT base FROM quotes"` or '
            "`coinlake query --name movers`; --list shows the names"
        )
    if [*files, STDOUT if as_json else None].count(STDOUT) > 1:
        raise typer.BadParameter("standard output takes one of --json, --csv - and --parquet -")


def questions_table() -> Table:
    """The ready questions and the columns of each."""
    table = Table(title="Questions for --name; each is a table for SQL, too", title_justify="left")
    for head in ("name", "question", "columns"):
        table.add_column(head)
    for name, ready in questions().items():
        columns = ", ".join(column.name for column in ready.columns)
        table.add_row(f"[bold]{escape(name)}[/]", escape(ready.title), f"[dim]{escape(columns)}[/]")
    return table


def questions_document() -> list[dict[str, Any]]:
    """For ``--list --json``."""
    return [
        {
            "name": name,
            "question": ready.title,
            "columns": [
                {"name": column.name, "type": column.type, "description": column.description}
                for column in ready.columns
            ],
        }
        for name, ready in questions().items()
    ]
