"""What a name in a query stands for: a table as it is or as it was known at a time, or a question.

Names are defined by common table expressions in front of the query, which hide the catalog's own: so the
same text means the same on both engines, and it is not rewritten. (One exception: where the query has a
common table expression of the same name, its references to the table get another name.)
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import duckdb

from coinlake.errors import BadConfiguration
from coinlake.tables import Table, catalog, tables
from ops.query.questions import questions
from refine.precedence import PRECEDENCE

Dialect = Literal["duckdb", "athena"]
TRUSTED_PREFIX: Final = "trusted_"
# What is known of a source's own candle follows from the candle; all else that only refine adds is null.
_OF_OWN_CANDLES: Final = {
    "coverage": "CASE WHEN is_closed THEN 1.0 END",
    "is_complete": "is_closed",
    "has_gap": "false",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A table that a query reads: ``name`` and ``database`` in lower case, the latter empty where not given.

    ``start`` and ``end`` say where the name stands in the text, None where that is not known.
    """

    name: str
    database: str = ""
    start: int | None = None
    end: int = 0
    aliased: bool = False


def define(sql: str, database: str, dialect: Dialect, as_of: datetime | None = None) -> str:
    """``sql`` led in by definitions of its names, beyond the tables of ``database`` as they are.

    Raises ``BadConfiguration``: bad_as_of for a table without a history that says what was known ``as_of`` a
    time, or for SQL that cannot be read; not_a_query for a statement that takes no definitions.
    """
    lead, query = _split_explain(sql, dialect)
    definitions = _definitions(query, database, dialect, as_of)
    if not definitions:
        return sql
    first = _tokens(query, dialect)[0]
    if first.text.upper() not in ("WITH", "SELECT", "("):
        raise BadConfiguration("not_a_query: --as-of and questions take a SELECT; begin with SELECT or WITH")
    hidden = {name: f"{name}__lake" for name in definitions.keys() & _own_definitions(query, dialect)}
    shown = ",\n".join(
        f"{hidden.get(name, name)} AS (\n{_renamed(definition, hidden, dialect)}\n)"
        for name, definition in definitions.items()
    )
    query = _renamed(query, hidden, dialect)
    if first.text.upper() != "WITH":
        return f"{lead}{query[: first.start]}WITH {shown}\n{query[first.start :]}"
    second = _tokens(query, dialect)[1]
    begin = (second if second.text.upper() == "RECURSIVE" else first).end + 1
    return f"{lead}{query[:begin]} {shown},\n{query[begin:].lstrip()}"


def table_names(sql: str, database: str, dialect: Dialect) -> set[str]:
    """The tables and questions of ``database`` that a query reads, in lower case.

    Not its common table expressions, where they hide a table, and not tables of other databases. The empty
    set for SQL that cannot be read: its engine will say why.
    """
    _, query = _split_explain(sql, dialect)
    return _names(references(query, dialect) or [], database)


def references(query: str, dialect: Dialect) -> list[Reference] | None:
    """Every table that a query reads, in its order in the text; None for SQL that cannot be read."""
    # sqlglot takes a tenth of a second that only queries should pay.
    from sqlglot import exp  # noqa: PLC0415 - see above
    from sqlglot.optimizer.scope import traverse_scope  # noqa: PLC0415 - likewise

    tree = _parsed(query, dialect)
    if tree is None:
        return _duckdb_references(query) if dialect == "duckdb" else None
    if isinstance(tree, exp.Query):
        sources = [source for scope in traverse_scope(tree) for source in scope.sources.values()]
    else:
        sources = list(tree.find_all(exp.Table))
    by_position = {}
    for table in sources:
        if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier):
            start, end = table.this.meta.get("start"), table.this.meta.get("end", 0)
            by_position[start, table.name] = Reference(
                table.name.lower(), table.db.lower(), start, end, aliased=bool(table.alias)
            )
    return sorted(by_position.values(), key=lambda reference: reference.start or 0)


def _duckdb_references(query: str) -> list[Reference] | None:
    """By DuckDB's own parser, for what sqlglot does not know of its dialect."""
    try:
        names = duckdb.get_table_names(query, qualified=True)
    except duckdb.Error:
        return None
    split = [name.replace('"', "").lower().rpartition(".") for name in sorted(names)]
    return [Reference(name, database.rpartition(".")[2]) for database, _, name in split]


def _parsed(query: str, dialect: Dialect) -> Any:
    import sqlglot  # noqa: PLC0415 - see references()
    from sqlglot.errors import SqlglotError  # noqa: PLC0415 - likewise

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it cannot parse, the engine will say
    try:
        tree = sqlglot.parse_one(query, read=dialect)
    except (SqlglotError, RecursionError):
        return None
    return None if isinstance(tree, sqlglot.exp.Command) else tree


def _tokens(sql: str, dialect: Dialect) -> list[Any]:
    import sqlglot  # noqa: PLC0415 - see references()
    from sqlglot.errors import SqlglotError  # noqa: PLC0415 - likewise

    try:
        return list(sqlglot.tokenize(sql, read=dialect))
    except (SqlglotError, RecursionError):
        return []


def _split_explain(sql: str, dialect: Dialect) -> tuple[str, str]:
    """The text up to and with EXPLAIN and its ANALYZE, empty without one, and the query after it."""
    end = 0
    for word in ("EXPLAIN", "ANALYZE"):
        tokens = _tokens(sql[end:], dialect)
        if not tokens or tokens[0].text.upper() != word:
            break
        end += tokens[0].end + 1
    return sql[:end], sql[end:]


def _definitions(query: str, database: str, dialect: Dialect, as_of: datetime | None) -> dict[str, str]:
    """Common table expressions by name, each after those that it needs."""
    table_references = references(query, dialect)
    names = _names(table_references or [], database)
    used_questions = {name: question.sql for name, question in questions().items() if name in names}
    if as_of is None:
        return used_questions
    if table_references is None:
        raise BadConfiguration(
            "bad_as_of: this SQL cannot be parsed, so its tables are unknown; simplify it for --as-of"
        )
    if any(reference.database == database.lower() for reference in table_references):
        raise BadConfiguration(f"bad_as_of: with --as-of write tables without their database {database}")
    needed = (
        names.union(*(table_names(sql, database, dialect) for sql in used_questions.values()))
        & catalog().keys()
    )
    return {name: _as_of(name, database, as_of) for name in sorted(needed)} | used_questions


def _names(table_references: Iterable[Reference], database: str) -> set[str]:
    return {reference.name for reference in table_references if reference.database in ("", database.lower())}


def _own_definitions(query: str, dialect: Dialect) -> set[str]:
    """The names of the query's own outermost common table expressions."""
    tree = _parsed(query, dialect)
    return {cte.alias.lower() for cte in getattr(tree, "ctes", ())}


def _renamed(query: str, names: Mapping[str, str], dialect: Dialect) -> str:
    """The query with other names for the tables that it reads; what it calls them stays."""
    for reference in reversed(references(query, dialect) or [] if names else []):
        if reference.name in names and not reference.database and reference.start is not None:
            old, new = query[reference.start : reference.end + 1], names[reference.name]
            called = new if reference.aliased else f"{new} AS {old}"
            query = f"{query[: reference.start]}{called}{query[reference.end + 1 :]}"
    return query


def _as_of(name: str, database: str, as_of: datetime) -> str:
    """The rows of a table that had been received by then, as the catalog's table would have had them."""
    base = tables().get(name.removeprefix(TRUSTED_PREFIX))
    trusted = catalog().get(f"{TRUSTED_PREFIX}{base.name}") if base else None
    if base is None or trusted is None:
        raise BadConfiguration(
            f"bad_as_of: {name} is computed from the newest rows, and nothing says what it was; "
            f"--as-of reads {', '.join(_tables_with_history())}"
        )
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    received = f"received_at <= TIMESTAMP '{moment}'"
    source = f'FROM "{database}"."{trusted.name}" WHERE {received}'
    if name == trusted.name:
        return f"SELECT * {source}"
    return _newest_rows(catalog()[name], base, source)


def _newest_rows(refined: Table, trusted: Table, source: str) -> str:
    """One row for each natural key in each partition: the one that refine would have kept."""
    columns_by_level = {name: refined.partition_columns.get(name, name) for name in refined.partitions}
    key = _quoted(dict.fromkeys([*columns_by_level.values(), *trusted.natural_key]))
    order = ", ".join(f"{column} DESC" for column in PRECEDENCE if column in trusted.schema.names)
    return (
        f"SELECT {_columns(refined, trusted, columns_by_level)} FROM (\n"  # noqa: S608 - names of tables.json
        f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS version\n{source}\n"
        ") AS versions WHERE version = 1"
    )


def _columns(refined: Table, trusted: Table, columns_by_level: Mapping[str, str]) -> str:
    """The refined table's columns; what only refine adds is that of the sources' own rows: mostly null."""
    trusted_columns = {*trusted.schema.names, *trusted.partitions}
    added = {
        field.name: sql_type(str(field.type)) for field in refined.schema if field.name not in trusted_columns
    }
    columns = [
        f'CAST({_OF_OWN_CANDLES.get(name, "NULL")} AS {added[name]}) AS "{name}"'
        if name in added
        else f'"{name}"'
        for name in refined.schema.names
    ]
    return ", ".join(columns + [f'"{column}" AS "{name}"' for name, column in columns_by_level.items()])


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


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _tables_with_history() -> list[str]:
    return [name for name in tables() if f"{TRUSTED_PREFIX}{name}" in catalog()]
