"""SQL over the lake by Athena: one query, its whole result."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from ops import waiting
from ops.query import relations
from ops.query.result import QueryFailed, QueryResult, first_line
from ops.stack import Stack

POLL_SECONDS: Final = 0.25
MAX_WAIT_SECONDS: Final = 600
_NUMBERS: Final = {"tinyint": int, "smallint": int, "integer": int, "bigint": int, "decimal": Decimal}
_FRACTIONS: Final = {"float": float, "real": float, "double": float}
_ARROW_TYPES: Final = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def query(stack: Stack, sql: str, as_of: datetime | None = None) -> QueryResult:
    """Ask Athena, in the stack's workgroup and database; waits up to ten minutes.

    ``as_of`` reads what had been received by then. Raises ``QueryFailed``.
    """
    return execute(stack, relations.define(sql, stack.database, "athena", as_of))[1]


def execute(stack: Stack, sql: str) -> tuple[str, QueryResult]:
    """The query as it is written, so that a name is the catalog's own; its id, and its result."""
    athena = stack.aws.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        WorkGroup=stack.workgroup,
        QueryExecutionContext={"Database": stack.database},
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
    result = QueryResult.from_rows(
        names,
        [[_value(cell, column) for cell, column in zip(row, columns, strict=True)] for row in body],
        [_arrow_type(column) for column in columns],
    )
    return started["QueryExecutionId"], result


def _wait(athena: Any, query_id: str) -> None:
    def pending() -> str:
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        if status["State"] in ("FAILED", "CANCELLED"):
            raise QueryFailed(f"Athena: {first_line(status.get('StateChangeReason') or status['State'])}")
        return "" if status["State"] == "SUCCEEDED" else str(status["State"])

    def failure(_: str) -> QueryFailed:
        return QueryFailed(f"Athena has not answered within {MAX_WAIT_SECONDS} s (query {query_id})")

    waiting.wait_until_done(pending, MAX_WAIT_SECONDS, lambda _: None, failure, POLL_SECONDS)


def _value(cell: str | None, column: dict[str, Any]) -> Any:
    """Athena sends text; numbers and times become typed values again, exactly."""
    kind = _type_name(column)
    if cell is None:
        return None
    if kind == "boolean":
        return cell == "true"
    if kind == "date":
        return date.fromisoformat(cell)
    if kind == "timestamp":
        return datetime.fromisoformat(cell.removesuffix(" UTC")).replace(tzinfo=None)
    number = {**_NUMBERS, **_FRACTIONS}.get(kind)
    return number(cell) if number else cell


def _arrow_type(column: dict[str, Any]) -> pa.DataType:
    if _type_name(column) == "decimal":
        return pa.decimal128(column.get("Precision") or 38, column.get("Scale") or 0)
    return _ARROW_TYPES.get(_type_name(column), pa.string())


def _type_name(column: dict[str, Any]) -> str:
    """``decimal`` of ``decimal(38,18)``, ``timestamp`` of ``timestamp(3) with time zone``."""
    return str(column["Type"]).split("(")[0].split(" ")[0]
