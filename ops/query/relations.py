"""What a name in a query stands for: a table as it is or as it was known at a time, or a question.

Names are given a meaning by common table expressions in front of the query, which hide the catalog's
own: so the same text means the same on both engines, and nothing in it is rewritten.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

import duckdb

from coinlake.errors import BadConfiguration
from coinlake.tables import Table, catalog, tables
from ops.query.questions import questions

TRUSTED_PREFIX: Final = "trusted_"
# The slot's revision in a raw key: `…/20261121T070000Z.f.usd.p1.r2.json.gz` is 2, without one it is 0.
REVISION: Final = (
    r"coalesce(TRY_CAST(nullif(regexp_extract(raw_key, '\.r([1-9][0-9]*)\.[a-z]+\.gz$', 1), '') "
    "AS integer), 0)"
)
_WORD: Final = re.compile(
    r"""'(?:[^']|'')*' | --[^\n]* | /\*.*?\*/ | "(?P<quoted>(?:[^"]|"")+)" | (?P<plain>[a-z_]\w*)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# After EXPLAIN only a query can be led in.
_START: Final = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:EXPLAIN\s+(?:ANALYZE\s+)?)?(?=WITH\b|SELECT\b|\()",
    re.IGNORECASE | re.DOTALL,
)
_WITH: Final = re.compile(r"WITH\s+(?:RECURSIVE\s+)?", re.IGNORECASE)


def explained(sql: str, database: str, as_of: datetime | None = None) -> str:
    """``sql`` led in by what its names stand for, beyond the tables of ``database`` as they are.

    Raises ``BadConfiguration`` for a table of which nothing tells what was known ``as_of`` a time.
    """
    meanings = _meanings(sql, database, as_of)
    if not meanings:
        return sql
    start = _START.match(sql)
    if not start:
        raise BadConfiguration("not_a_query: --as-of and questions take a SELECT; begin with SELECT or WITH")
    before, query = sql[: start.end()], sql[start.end() :]
    shown = ",\n".join(f"{name} AS (\n{meaning}\n)" for name, meaning in meanings.items())
    own = _WITH.match(query)
    if own:
        return f"{before}{own[0]}{shown},\n{query[own.end() :]}"
    return f"{before}WITH {shown}\n{query}"


def _meanings(sql: str, database: str, as_of: datetime | None) -> dict[str, str]:
    """Common table expressions by name, each after those that it needs."""
    asked = {name: question.sql for name, question in questions().items() if name in named(sql)}
    if as_of is None:
        return asked
    if database.lower() in words(sql):
        raise BadConfiguration(f"bad_as_of: with --as-of write tables without their database {database}")
    needed = sorted(set().union(named(sql), *map(named, asked.values())) & catalog().keys())
    return {name: _known(name, database, as_of) for name in needed} | asked


def named(sql: str) -> set[str]:
    """The tables and questions that a query names, in lower case.

    Where DuckDB cannot read Athena's SQL, every word counts: what is not meant does no harm.
    """
    try:
        return {name.lower() for name in duckdb.get_table_names(sql)}
    except duckdb.Error:
        return words(sql)


def words(sql: str) -> set[str]:
    """Identifiers and keywords of any SQL in lower case, not those in texts and comments."""
    found = (match["quoted"] or match["plain"] for match in _WORD.finditer(sql))
    return {word.lower() for word in found if word}


def _known(name: str, database: str, as_of: datetime) -> str:
    """The rows of a table that had been received by then, as the catalog's table would have had them."""
    base = tables().get(name.removeprefix(TRUSTED_PREFIX))
    trusted = catalog().get(f"{TRUSTED_PREFIX}{base.name}") if base else None
    if base is None or trusted is None:
        raise BadConfiguration(
            f"bad_as_of: {name} is computed from the newest rows, and nothing tells what it was; "
            f"--as-of reads {', '.join(_with_history())}"
        )
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    received = f"received_at <= TIMESTAMP '{moment}'"
    source = f'FROM "{database}"."{trusted.name}" WHERE {received}'
    if name == trusted.name:
        return f"SELECT * {source}"
    return _newest(catalog()[name], base, source)


def _newest(refined: Table, trusted: Table, source: str) -> str:
    """One row for each natural key in each partition: the one that refine would have kept."""
    inside = {name: refined.partition_columns.get(name, name) for name in refined.partitions}
    key = _list(dict.fromkeys([*inside.values(), *trusted.natural_key]))
    closed = ["is_closed DESC"] if "is_closed" in trusted.schema.names else []
    order = ", ".join([*closed, f"{REVISION} DESC", "received_at DESC", "raw_key DESC"])
    return (
        f"SELECT {_columns(refined, trusted, inside)} FROM (\n"  # noqa: S608 - names of tables.json
        f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS version\n{source}\n"
        ") AS versions WHERE version = 1"
    )


def _columns(refined: Table, trusted: Table, inside: Mapping[str, str]) -> str:
    """The refined table's columns; what only refine adds is null, for these rows are the sources' own."""
    there = {*trusted.schema.names, *trusted.partitions}
    added = {field.name: sql_type(str(field.type)) for field in refined.schema if field.name not in there}
    columns = [
        f'CAST(NULL AS {added[name]}) AS "{name}"' if name in added else f'"{name}"'
        for name in refined.schema.names
    ]
    return ", ".join(columns + [f'"{column}" AS "{name}"' for name, column in inside.items()])


def sql_type(arrow: str) -> str:
    """The name of an Arrow type that DuckDB and Athena both understand."""
    if arrow.startswith("decimal"):
        return arrow.replace("decimal128", "DECIMAL")
    return "TIMESTAMP" if arrow.startswith("timestamp") else _SQL[arrow]


_SQL: Final = {
    "bool": "BOOLEAN",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "string": "VARCHAR",
}


def _list(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _with_history() -> list[str]:
    return [name for name in tables() if f"{TRUSTED_PREFIX}{name}" in catalog()]
