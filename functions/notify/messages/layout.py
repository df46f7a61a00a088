"""How a mail looks: a first sentence, indented tables, headed sections, a footer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from coinlake import sources
from notify.alerts import Mail
from notify.messages import formats

SETTINGS: Final = "terraform/environments/<environment>.tfvars"


def mail(subject: str, *paragraphs: str, data_of: Iterable[str] = ()) -> Mail:
    """A mail of paragraphs. ``data_of`` names the sources whose data it shows: some require a mention."""
    footer = "\n".join(_attributions(data_of))
    text = "\n\n".join(paragraph for paragraph in (*paragraphs, footer) if paragraph)
    # A lone surrogate cannot be sent; whatever text came with the data must not stop a mail.
    return Mail(formats.subject(subject), text.encode("utf-8", "replace").decode() + "\n")


def _attributions(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        source = sources.catalog().get(name)
        if source and source.attribution.required:
            yield f"{source.attribution.text} ({source.attribution.url})"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Two aligned columns, indented."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns under their names, indented: the first to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in (head, *rows)
    )


def section(heading: str, *lines: str) -> str:
    """A heading with indented lines."""
    return "\n".join((heading, *(f"  {line}" for line in lines)))


def query(columns: str, table: str, where: Mapping[str, str], newest_by: str) -> str:
    """A command that shows the newest 20 rows of a table in which each column has its value."""
    terms = " AND ".join(f"{column} = {_literal(value)}" for column, value in where.items())
    sql = f"SELECT {columns} FROM {table} WHERE {terms} ORDER BY {newest_by} DESC LIMIT 20"  # noqa: S608 - literals are quoted
    return f'coinlake query "{sql}"'


def _literal(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))
