"""SQL over the lake by DuckDB: on this machine, over a copy of the Parquet files."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import duckdb
import pyarrow as pa

from coinlake.tables import Table, catalog
from ops.paths import BUILD
from ops.query import relations
from ops.query.lake_files import LakeFiles, Report
from ops.query.questions import questions
from ops.query.result import QueryFailed, QueryResult, first_line
from ops.stack import Stack

# Arrow has no type for these, or one that holds other values.
_INEXACT: Final = re.compile(r"\b(INTERVAL|UHUGEINT|BIT|BLOB|UNION|TIMESTAMP_NS)\b|(?<!WITH )\bTIME\b")


def query(
    stack: Stack,
    sql: str,
    as_of: datetime | None = None,
    report: Report = lambda _done, _all: None,
) -> QueryResult:
    """Fetch the tables that ``sql`` names, as far as they changed, and run it here.

    ``as_of`` reads what had been received by then; ``report`` gets the files fetched and to fetch. Raises
    ``QueryFailed``.
    """
    files = LakeFiles(stack, BUILD / "lake" / f"{stack.environment}-{stack.account_id}")
    defined = relations.define(sql, stack.database, "duckdb", as_of)
    names = relations.table_names(defined, stack.database, "duckdb")
    with duckdb.connect() as database:
        try:
            database.execute(f"SET TimeZone = 'UTC'; CREATE SCHEMA \"{stack.database}\"")
            database.execute(f"SET schema = '{stack.database}'")
            for name in sorted(names & catalog().keys()):
                paths = [str(path) for path in files.refresh(name, report)]
                create_view(database, catalog()[name], paths)
            relation = database.sql(defined)
            if relation is None:
                raise QueryFailed("not_a_query: this text asks for nothing; write one SELECT")
            return QueryResult(_without_zones(_readable(relation).to_arrow_table()))
        except duckdb.Error as error:
            raise QueryFailed(
                f"DuckDB: {first_line(error)}; the tables are {', '.join(catalog())}, "
                f"the questions {', '.join(questions())}"
            ) from None


def create_view(database: duckdb.DuckDBPyConnection, table: Table, paths: Sequence[str]) -> None:
    """Make a view by the table's name, with the columns and types of tables.json, whatever the files have.

    A column that came to the table after a file is null there; one that the table has lost is not shown.
    """
    folders = dict.fromkeys(table.partitions, "VARCHAR")
    columns = {field.name: relations.sql_type(str(field.type)) for field in table.schema} | folders
    files, stored = _files(table, paths), set[str]()
    if paths:
        stored = {name for name, *_ in database.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()}  # noqa: S608 - our own names
    cells = (
        f'CAST("{name}" AS {kind}) AS "{name}"' if name in stored else f'CAST(NULL AS {kind}) AS "{name}"'
        for name, kind in columns.items()
    )
    source = f"FROM {files}" if paths else "WHERE false"
    database.execute(f"CREATE VIEW {table.name} AS SELECT {', '.join(cells)} {source}")


def _files(table: Table, paths: Sequence[str]) -> str:
    """The files as a relation; a time keeps its zone, which is UTC."""
    names = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    types = ", ".join(f"'{name}': VARCHAR" for name in table.partitions)
    folders = f"hive_partitioning = true, hive_types = {{{types}}}" if types else "hive_partitioning = false"
    return f"read_parquet([{names}], union_by_name = true, {folders})"


def _readable(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation with what Arrow has no exact type for, as INTERVAL and UHUGEINT, as text."""
    kinds = [str(kind) for kind in relation.types]
    if not any(_INEXACT.search(kind) for kind in kinds):
        return relation
    cells = (
        f'CAST(#{position} AS VARCHAR) AS "{name.replace(chr(34), chr(34) * 2)}"'
        if _INEXACT.search(kind)
        else f"#{position}"
        for position, (name, kind) in enumerate(zip(relation.columns, kinds, strict=True), start=1)
    )
    return relation.project(", ".join(cells))


def _without_zones(table: pa.Table) -> pa.Table:
    """Times without their zone: all are UTC."""
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
