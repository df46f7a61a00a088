"""SQL over the lake: DuckDB on this machine over the Parquet files, or Athena."""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from coinlake.tables import Table, catalog
from ops.paths import BUILD
from ops.query import athena, relations
from ops.query.athena import QueryFailed, first_line
from ops.query.lake_files import LakeFiles, Report
from ops.query.questions import questions
from ops.query.result import Answer
from ops.stack import Stack


def with_athena(stack: Stack, sql: str, as_of: datetime | None = None) -> Answer:
    """Ask Athena; ``as_of`` reads what had been received by then."""
    return athena.answer(stack, relations.explained(sql, stack.database, as_of))


def with_duckdb(
    stack: Stack,
    sql: str,
    as_of: datetime | None = None,
    report: Report = lambda _done, _all: None,
) -> Answer:
    """Fetch the tables that ``sql`` names, as far as they changed, and answer here."""
    files = LakeFiles(stack, BUILD / "lake" / f"{stack.environment}-{stack.account_id}")
    meant = relations.explained(sql, stack.database, as_of)
    with duckdb.connect() as database:
        try:
            database.execute(f"SET TimeZone = 'UTC'; CREATE SCHEMA \"{stack.database}\"")
            database.execute(f"SET schema = '{stack.database}'")
            for name in sorted(relations.named(meant) & catalog().keys()):
                paths = [str(path) for path in files.refresh(name, report)]
                database.execute(_view(catalog()[name], paths))
            return _answer(database.sql(meant).to_arrow_table())
        except duckdb.Error as error:
            raise QueryFailed(
                f"DuckDB: {first_line(error)}; the tables are {', '.join(catalog())}, "
                f"the questions {', '.join(questions())}"
            ) from None


def _view(table: Table, paths: list[str]) -> str:
    """A view by the table's name, as Athena has it; empty but typed while there are no files."""
    if not paths:
        columns = [
            f'CAST(NULL AS {relations.sql_type(str(field.type))}) AS "{field.name}"' for field in table.schema
        ]
        columns += [f'CAST(NULL AS VARCHAR) AS "{name}"' for name in table.partitions]
        return f"CREATE VIEW {table.name} AS SELECT {', '.join(columns)} WHERE false"
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    types = ", ".join(f"'{name}': VARCHAR" for name in table.partitions)
    folders = f"hive_partitioning = true, hive_types = {{{types}}}" if types else "hive_partitioning = false"
    return (
        f"CREATE VIEW {table.name} AS SELECT * {_times(table)} FROM "  # noqa: S608 - our own table and file names
        f"read_parquet([{files}], {folders})"
    )


def _times(table: Table) -> str:
    """Times as Athena knows them, without a zone, so that the same SQL runs on both."""
    names = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    casts = ", ".join(f'CAST("{name}" AS TIMESTAMP) AS "{name}"' for name in names)
    return f"REPLACE ({casts})" if casts else ""


def _answer(table: pa.Table) -> Answer:
    """Through Arrow, which needs no time zone library for a ``TIMESTAMP WITH TIME ZONE``."""
    columns = [[_naive(value) for value in column.to_pylist()] for column in table.columns]
    types = [pa.timestamp("us") if pa.types.is_timestamp(kind) else kind for kind in table.schema.types]
    return Answer(table.column_names, list(zip(*columns, strict=True)), types)


def _naive(value: Any) -> Any:
    """Times without their zone: all are UTC."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
