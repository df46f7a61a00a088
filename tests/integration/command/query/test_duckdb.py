"""SQL over the lake: DuckDB over a copy of the Parquet files, and Athena."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake.stores import ObjectStore
from coinlake.tables import catalog, tables
from ops.aws import Aws
from ops.query import athena, duckdb
from ops.query.lake_files import LakeFiles
from ops.query.result import QueryFailed

AT = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
KEY = "trusted/quotes/dt=2026-11-21/coingecko.quotes.20261121T073500Z.f.usd.p{page}.parquet"
PART = "refined/quotes/dt=2026-11-21/part.parquet"


@pytest.fixture
def stack(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Only what a query needs of a stack."""
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    return SimpleNamespace(
        lake=ObjectStore(s3, "lake"),
        environment="test",
        account_id="123456789012",
        workgroup="coinlake",
        database="coinlake",
        aws=Aws(boto3.Session(), "us-east-1", {}),
    )


def land(stack: Any, price: str, key: str = PART, base: str = "BTC") -> None:
    """A file of one row, the refined part unless ``key`` says another."""
    schema = tables()["quotes"].schema
    row = dict.fromkeys(schema.names)
    row |= {"source": "coingecko", "base": base, "quote": "USD", "raw_symbol": "bitcoin", "raw_key": "k"}
    row |= {"price": Decimal(price), "observed_at": AT, "received_at": AT}
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row], schema=schema), body)
    stack.lake.put(key, body.getvalue())


def test_duckdb_answers_over_the_parquet_exactly_and_with_the_partition(stack):
    land(stack, "0.000000000000000001")
    answer = duckdb.query(stack, "SELECT base, price, dt, observed_at FROM Quotes")
    assert answer.columns == ["base", "price", "dt", "observed_at"]
    assert answer.rows == [("BTC", Decimal("1E-18"), "2026-11-21", AT.replace(tzinfo=None))]


def test_times_compare_as_on_athena_without_a_zone(stack):
    land(stack, "1")
    at = "SELECT count(*) AS n FROM quotes WHERE observed_at = TIMESTAMP '2026-11-21 07:35:00'"
    assert duckdb.query(stack, at).rows == [(1,)]


def test_a_time_with_a_zone_is_answered_in_utc(stack):
    answer = duckdb.query(stack, "SELECT TIMESTAMPTZ '2026-11-21 07:35:00+00' AS t")
    assert answer.rows == [(datetime(2026, 11, 21, 7, 35),)]


@pytest.mark.parametrize("table", catalog())
def test_a_table_without_files_is_empty_with_all_its_columns(stack, table):
    answer = duckdb.query(stack, f"SELECT * FROM {table}")  # noqa: S608 - our own names
    assert answer.rows == []
    assert answer.columns == [*catalog()[table].schema.names, *catalog()[table].partitions]


def test_the_local_copy_fetches_only_what_changed_and_drops_what_is_gone(stack, tmp_path):
    files = LakeFiles(stack, tmp_path)
    fetched: list[tuple[int, int]] = []
    land(stack, "1", KEY.format(page=1))
    land(stack, "2", KEY.format(page=2))
    files.refresh("trusted_quotes", lambda *at: fetched.append(at))
    land(stack, "3", KEY.format(page=1))
    stack.lake.delete(KEY.format(page=2))
    assert files.refresh("trusted_quotes", lambda *at: fetched.append(at)) == [tmp_path / KEY.format(page=1)]
    assert fetched == [(1, 2), (2, 2), (1, 1)]
    assert not (tmp_path / KEY.format(page=2)).exists()
    files.refresh("trusted_quotes", lambda *at: fetched.append(at))
    assert len(fetched) == 3


def test_a_file_that_was_deleted_here_is_fetched_again(stack, tmp_path):
    files = LakeFiles(stack, tmp_path)
    land(stack, "1")
    [path] = files.refresh("quotes")
    path.unlink()
    assert files.refresh("quotes")[0].exists()


@pytest.mark.parametrize(
    "sql", ["SELECT nope FROM quotes", "SELEC 1", "SELECT * FROM nope", "SELECT 1; SELEC"]
)
def test_a_refused_query_is_one_sentence_that_names_the_tables(stack, sql):
    with pytest.raises(
        QueryFailed,
        match=r"^DuckDB: [^\n]*; the tables are quotes, candles[^\n]*, the questions [^\n]*$",
    ):
        duckdb.query(stack, sql)


def test_a_statement_without_an_answer_has_no_rows(stack):
    assert duckdb.query(stack, "CREATE TABLE mine (a int)").rows == []


class Athena:
    """Athena with one query: the states it goes through, then its pages."""

    def __init__(self, states: list[dict[str, str]], pages: list[dict[str, Any]]) -> None:
        self.states, self.pages = iter(states), pages

    def start_query_execution(self, **request: Any) -> dict[str, str]:
        self.request = request
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:
        return {"QueryExecution": {"Status": next(self.states)}}

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: self.pages)


def page(*rows: list[str | None]) -> dict[str, Any]:
    kinds = {"base": "varchar", "n": "bigint", "p": "decimal(38,18)", "d": "double", "t": "timestamp(3)"}
    columns = [{"Name": name, "Type": kind} for name, kind in kinds.items()]
    cells = [[{} if cell is None else {"VarCharValue": cell} for cell in row] for row in rows]
    return {
        "ResultSet": {
            "ResultSetMetadata": {"ColumnInfo": columns},
            "Rows": [{"Data": data} for data in cells],
        }
    }


def test_athena_is_asked_in_the_stacks_workgroup_and_its_text_becomes_values(stack, monkeypatch):
    monkeypatch.setattr(athena, "POLL_SECONDS", 0)
    first = page(["base", "n", "p", "d", "t"], ["BTC", "3", "0.10", "1.5", "2026-11-21 07:35:00.000"])
    client = Athena(
        [{"State": "QUEUED"}, {"State": "SUCCEEDED"}], [first, page(["ETH", None, None, None, None])]
    )
    stack.aws.clients["athena"] = client
    answer = athena.query(stack, "SELECT 1")
    assert client.request["WorkGroup"] == "coinlake"
    assert answer.rows == [
        ("BTC", 3, Decimal("0.10"), 1.5, datetime(2026, 11, 21, 7, 35)),
        ("ETH", None, None, None, None),
    ]


def test_athenas_own_error_message_is_shown(stack):
    stack.aws.clients["athena"] = Athena([{"State": "FAILED", "StateChangeReason": "line 1: no\nmore"}], [])
    with pytest.raises(QueryFailed, match="^Athena: line 1: no$"):
        athena.query(stack, "SELECT nope")
