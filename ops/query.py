"""SQL over the trusted tables: DuckDB on this machine over the Parquet files, or Athena."""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import duckdb
import pyarrow as pa

from coinlake.errors import CoinlakeError
from coinlake.tables import Table, tables
from ops.answers import Answer
from ops.lake_files import LakeFiles, Report
from ops.laptop import BUILD
from ops.stack import Stack

POLL_SECONDS: Final = 0.25
WAIT_SECONDS: Final = 600
_ARROW_TO_DUCKDB: Final = {"bool": "BOOLEAN", "int32": "INTEGER", "int64": "BIGINT", "string": "VARCHAR"}
_NUMBERS: Final = {"tinyint": int, "smallint": int, "integer": int, "bigint": int, "decimal": Decimal}
_FRACTIONS: Final = {"float": float, "real": float, "double": float}


class QueryFailed(CoinlakeError):
    """The engine refused the query; the message is the engine's own."""


def with_duckdb(stack: Stack, sql: str, report: Report = lambda _done, _all: None) -> Answer:
    """Fetch the tables that ``sql`` names, as far as they changed, and answer here."""
    files = LakeFiles(stack, BUILD / "lake" / f"{stack.environment}-{stack.account_id}")
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        try:
            named = {name.lower() for name in database.get_table_names(sql)}
            for table in tables().values():
                if table.name in named:
                    database.execute(_view(table, [str(path) for path in files.refresh(table.name, report)]))
            return _answer(database.sql(sql).to_arrow_table())
        except duckdb.Error as error:
            raise QueryFailed(f"DuckDB: {_first_line(error)}; the tables are {', '.join(tables())}") from None


def _view(table: Table, paths: list[str]) -> str:
    """A view by the table's name, as Athena has it; empty but typed while there are no files."""
    if not paths:
        columns = [f'CAST(NULL AS {_type(str(field.type))}) AS "{field.name}"' for field in table.schema]
        columns += [f'CAST(NULL AS VARCHAR) AS "{name}"' for name in table.partitions]
        return f"CREATE VIEW {table.name} AS SELECT {', '.join(columns)} WHERE false"
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    types = ", ".join(f"'{name}': VARCHAR" for name in table.partitions)
    return (
        f"CREATE VIEW {table.name} AS SELECT * REPLACE ({_times(table)}) FROM "  # noqa: S608 - our own table and file names
        f"read_parquet([{files}], hive_partitioning = true, hive_types = {{{types}}})"
    )


def _times(table: Table) -> str:
    """Times as Athena knows them, without a zone, so that the same SQL runs on both."""
    names = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    return ", ".join(f'CAST("{name}" AS TIMESTAMP) AS "{name}"' for name in names)


def _type(arrow: str) -> str:
    if arrow.startswith("decimal"):
        return arrow.replace("decimal128", "DECIMAL")
    return "TIMESTAMP" if arrow.startswith("timestamp") else _ARROW_TO_DUCKDB[arrow]


def _answer(table: pa.Table) -> Answer:
    """Through Arrow, which needs no time zone library for a ``TIMESTAMP WITH TIME ZONE``."""
    columns = [[_naive(value) for value in column.to_pylist()] for column in table.columns]
    return Answer(table.column_names, list(zip(*columns, strict=True)))


def _naive(value: Any) -> Any:
    """Times without their zone: all are UTC."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def with_athena(stack: Stack, sql: str) -> Answer:
    """Ask Athena, in the stack's workgroup and database; waits up to ten minutes."""
    athena = stack.aws.client("athena")
    started = athena.start_query_execution(
        QueryString=sql, WorkGroup=stack.workgroup, QueryExecutionContext={"Database": stack.database}
    )
    _wait(athena, started["QueryExecutionId"])
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started["QueryExecutionId"])
    columns: list[dict[str, Any]] = []
    rows: list[list[Any]] = []
    for page in pages:
        columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
    names = [column["Name"] for column in columns]
    body = rows[1:] if rows[:1] == [names] else rows  # the first row of a SELECT repeats the names
    return Answer(
        names, [[_value(cell, column) for cell, column in zip(row, columns, strict=True)] for row in body]
    )


def _wait(athena: Any, query_id: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return
        if status["State"] in ("FAILED", "CANCELLED"):
            raise QueryFailed(f"Athena: {_first_line(status.get('StateChangeReason') or status['State'])}")
        time.sleep(POLL_SECONDS)
    raise QueryFailed(f"Athena has not answered within {WAIT_SECONDS} s (query {query_id})")


def _value(cell: str | None, column: dict[str, Any]) -> Any:
    """Athena sends text; numbers become numbers again, exactly, and times times."""
    if cell is None:
        return None
    if column["Type"].startswith("timestamp"):
        return _naive(datetime.fromisoformat(cell))
    kind = {**_NUMBERS, **_FRACTIONS}.get(column["Type"].split("(")[0])
    return kind(cell) if kind else cell


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0][:300]
