"""What the query command shows, and the files that it writes."""

from collections.abc import Mapping
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from ops.progress import console
from ops.query.questions import Question, question
from ops.query.result import Answer


def one_of(sql: str, name: str) -> str:
    """The SQL to ask: the user's, or a ready question's; ``BadParameter`` for both or neither."""
    if bool(sql) == bool(name):
        raise typer.BadParameter(
            'give either SQL or --name, as in `coinlake query "SELECT base FROM quotes"` or '
            "`coinlake query --name movers`; --list shows the names"
        )
    return sql or question(name).sql


def listing(questions: Mapping[str, Question]) -> Table:
    """The ready questions and what each answers with."""
    table = Table(title="Questions for --name; each is a table for SQL, too", title_justify="left")
    for head in ("name", "question", "columns"):
        table.add_column(head)
    for name, asked in questions.items():
        columns = ", ".join(column.name for column in asked.columns)
        table.add_row(f"[bold]{escape(name)}[/]", escape(asked.title), f"[dim]{escape(columns)}[/]")
    return table


def show(answer: Answer, engine: str, csv: Path | None, parquet: Path | None) -> None:
    """On the screen, unless it goes into files."""
    for path, write in ((csv, answer.write_csv), (parquet, answer.write_parquet)):
        if path:
            write(path)
            console.print(f"wrote {len(answer.rows):,} rows to {escape(str(path))}")
    if not csv and not parquet:
        console.print(answer.table(f"{len(answer.rows):,} rows from {engine}"))
