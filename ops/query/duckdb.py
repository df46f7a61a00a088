"""SQL over the lake by DuckDB: on this machine, over a copy of the Parquet files."""

from datetime import datetime

import duckdb
import pyarrow as pa

from coinlake.tables import Table, catalog
from ops.paths import BUILD
from ops.query import relations
from ops.query.lake_files import LakeFiles, Report
from ops.query.questions import questions
from ops.query.result import QueryFailed, QueryResult, first_line
from ops.stack import Stack


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
                database.execute(_view(catalog()[name], paths))
            relation = database.sql(defined)
            return QueryResult(_without_zones(relation.to_arrow_table()))
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
        f"CREATE VIEW {table.name} AS SELECT * {_zoneless_times(table)} FROM "  # noqa: S608 - our own table and file names
        f"read_parquet([{files}], {folders})"
    )


def _zoneless_times(table: Table) -> str:
    """Times without a zone, as Athena has them, so that the same SQL runs on both."""
    names = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    casts = ", ".join(f'CAST("{name}" AS TIMESTAMP) AS "{name}"' for name in names)
    return f"REPLACE ({casts})" if casts else ""


def _without_zones(table: pa.Table) -> pa.Table:
    """Times without their zone: all are UTC."""
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
