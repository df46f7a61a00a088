"""Redshift's Data API over a real PostgreSQL: boto3 speaks to it as to AWS.

Each statement is read by sqlglot as Redshift's SQL and run as PostgreSQL's, a batch as one transaction in a
session of its own, beside other batches. COPY follows AWS's rules for Parquet (Database Developer Guide,
"COPY from columnar data formats"): the location is a prefix, columns go by position, their count and types
must fit, and texts their length in bytes. What only a real cluster can say is in docs/load.md.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from adbc_driver_postgresql import dbapi
from sqlglot import exp

from tests.integration.conftest import REGION

ROLE = "arn:aws:iam::123456789012:role/coinlake-test-redshift-copy"
LOCATION = {"WorkgroupName": "coinlake", "Database": "lake"}
PAGE_ROWS = 3  # of a result: more come with its NextToken
COPY = re.compile(r"COPY (\w+) FROM '(s3://[^']+)' IAM_ROLE '([^']+)' FORMAT AS PARQUET")
# What Redshift has beside PostgreSQL; FROM_BASE is sqlglot's name for STRTOL.
CATALOG = (
    "CREATE OR REPLACE FUNCTION from_base(digits text, base int) RETURNS bigint IMMUTABLE LANGUAGE sql "
    "AS 'SELECT (''x'' || digits)::bit(60)::bigint'",
    "CREATE OR REPLACE VIEW svv_tables AS SELECT table_schema::text, table_name::text, table_type::text "
    "FROM information_schema.tables",
    "CREATE OR REPLACE VIEW svv_columns AS SELECT table_schema::text, table_name::text, column_name::text, "
    "data_type::text, character_maximum_length::int, numeric_precision::int, numeric_scale::int "
    "FROM information_schema.columns",
)
TYPES = {
    "BYTE_ARRAY": "character varying",
    "INT32": "integer",
    "INT64": "bigint",
    "BOOLEAN": "boolean",
    "DOUBLE": "double precision",
}


class Refused(Exception):
    """What Redshift would say of a statement."""


@dataclass
class Statement:
    """One of a batch, as DescribeStatement tells of it."""

    sql: str
    status: str = "SUBMITTED"
    error: str | None = None
    rows: list[tuple[Any, ...]] | None = None


@dataclass
class FakeRedshift:
    """The service over a database of the embedded server. ``refusals`` are errors of coming calls,
    ``aborts`` of coming statements; ``hold`` keeps batches from their commit until it is set."""

    url: str
    batches: dict[str, list[Statement]] = field(default_factory=dict)
    history: list[list[str]] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    aborts: list[str] = field(default_factory=list)
    hold: threading.Event | None = None
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        with dbapi.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in CATALOG:
                cursor.execute(statement)

    def batch_execute_statement(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.refusals:
            raise Refused(*self.refusals.pop(0))
        wanted = {name: request.get(name) for name in LOCATION}
        if wanted != LOCATION:
            raise Refused("ValidationException", "Redshift endpoint doesn't exist in this region.")
        assert 1 <= len(request["Sqls"]) <= 40
        identifier = f"batch-{next(self.numbers)}"
        self.batches[identifier] = [Statement(sql) for sql in request["Sqls"]]
        self.history.append(list(request["Sqls"]))
        threading.Thread(target=self.run, args=(identifier,), daemon=True).start()
        return {"Id": identifier, "CreatedAt": 0}

    def describe_statement(self, request: dict[str, Any]) -> dict[str, Any]:
        statements = self.batches[request["Id"]]
        states = {statement.status for statement in statements}
        status = "FAILED" if "FAILED" in states else "FINISHED" if states == {"FINISHED"} else "STARTED"
        parts = [
            {
                "Id": f"{request['Id']}:{number}",
                "Status": statement.status,
                "QueryString": statement.sql,
                "HasResultSet": statement.rows is not None,
                **({"Error": statement.error} if statement.error else {}),
            }
            for number, statement in enumerate(statements, 1)
        ]
        failed = [statement.error for statement in statements if statement.error]
        return {
            "Id": request["Id"],
            "Status": status,
            "SubStatements": parts,
            **({"Error": f"Query #1 failed with {failed[0]}"} if failed else {}),
        }

    def get_statement_result(self, request: dict[str, Any]) -> dict[str, Any]:
        identifier, number = request["Id"].split(":")
        rows = self.batches[identifier][int(number) - 1].rows or []
        start = int(request.get("NextToken", 0))
        page = rows[start : start + PAGE_ROWS]
        more = {"NextToken": str(start + PAGE_ROWS)} if start + PAGE_ROWS < len(rows) else {}
        return {"Records": [[_field(value) for value in row] for row in page], "ColumnMetadata": [], **more}

    def run(self, identifier: str) -> None:
        """The batch as one transaction; after a failure the statements that follow are aborted."""
        statements = self.batches[identifier]
        with dbapi.connect(self.url) as connection:
            for statement in statements:
                try:
                    if self.aborts and not statement.sql.startswith("LOCK"):
                        raise Refused(self.aborts.pop())
                    statement.rows = execute(connection, statement.sql)
                except Exception as error:
                    connection.rollback()
                    for other in statements:
                        other.status = "ABORTED"
                    statement.error = f"ERROR: {_first_line(error)}"
                    statement.status = "FAILED"
                    return
            if self.hold:
                self.hold.wait(60)
            connection.commit()
        for statement in statements:
            statement.status = "FINISHED"


def execute(connection: Any, statement: str) -> list[tuple[Any, ...]] | None:
    """Run one statement of Redshift's; its rows, or None where it has no result."""
    with connection.cursor() as cursor:
        if statement.startswith("COPY"):
            copy(cursor, statement)
            return None
        cursor.execute(to_postgres(statement))
        return list(cursor.fetchall()) if cursor.description else None


def to_postgres(statement: str) -> str:
    if statement.startswith("LOCK"):
        return statement
    tree = sqlglot.parse_one(statement, read="redshift")
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and "TEMP TABLE" not in statement:
        tree.set("properties", None)  # SORTKEY
    return tree.sql("postgres")


def copy(cursor: Any, statement: str) -> None:
    match = COPY.fullmatch(statement)
    if not match:
        raise Refused(
            "syntax error: of a columnar COPY's options only FORMAT AS PARQUET and IAM_ROLE are used"
        )
    table, location, role = match.groups()
    if role != ROLE:
        raise Refused(f"User arn:aws:redshift:x is not authorized to assume IAM Role {role}")
    cursor.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        f"WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"
    )
    columns = cursor.fetchall()
    bucket, prefix = urlsplit(location).netloc, urlsplit(location).path.lstrip("/")
    s3 = boto3.client("s3", region_name=REGION)
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    if not found:
        raise Refused(f"The specified S3 prefix '{prefix}' does not exist")
    for entry in found:
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        rows = read(pq.ParquetFile(pa.BufferReader(body)), columns)
        if rows.num_rows:
            cursor.adbc_ingest(table, rows, mode="append", temporary=True)


def read(file: pq.ParquetFile, columns: list[tuple[str, str]]) -> pa.Table:
    """The file's rows under the table's names, where each column fits the one at its position."""
    if len(file.schema) != len(columns):
        raise Refused(
            "Unmatched number of columns between table and file. "
            f"Table columns: {len(columns)}, Data columns: {len(file.schema)}"
        )
    rows, arrays = file.read(), []
    for index, (name, kind) in enumerate(columns):
        column, array = file.schema.column(index), rows.column(index)
        if declared(column) != re.sub(r"varying\(\d+\)", "varying", kind):
            raise Refused(
                f"Spectrum Scan Error: has an incompatible Parquet schema for column '{name}': {kind}, "
                f"{column.physical_type} {column.converted_type}"
            )
        for group in range(file.num_row_groups):
            encodings = file.metadata.row_group(group).column(index).encodings
            assert set(encodings) <= {"PLAIN", "RLE", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
        if length := re.fullmatch(r"character varying\((\d+)\)", kind):
            longest = max((len(text.encode()) for text in array.to_pylist() if text is not None), default=0)
            if longest > int(length[1]):
                raise Refused(f"The length of the data column {name} is longer than the length defined")
        arrays.append(array.cast(pa.timestamp("us")) if pa.types.is_timestamp(array.type) else array)
    return pa.table(arrays, names=[name for name, _ in columns])


def declared(column: Any) -> str:
    """The type of Redshift's that a Parquet column fits, in PostgreSQL's words."""
    kind = json.loads(column.logical_type.to_json())
    if column.converted_type == "DECIMAL":
        return f"numeric({kind['precision']},{kind['scale']})"
    if column.converted_type == "TIMESTAMP_MICROS":
        return "timestamp without time zone"
    return TYPES.get(column.physical_type, "none")


@contextmanager
def serving(redshift: FakeRedshift) -> Iterator[str]:
    """The endpoint of the service."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = re.sub(r"(?<!^)(?=[A-Z])", "_", self.headers["X-Amz-Target"].split(".")[1]).lower()
            status, answer = 200, {}
            try:
                answer = getattr(redshift, operation)(request)
            except Refused as refused:
                code, message = refused.args
                status, answer = 400, {"__type": code, "Message": message}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    return {"longValue": value} if isinstance(value, int) else {"stringValue": str(value)}


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if "ERROR" in line] or str(error).splitlines()
    return lines[0].split("ERROR:")[-1].strip()
