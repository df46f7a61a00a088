"""What was known at a time: rows received by then, each natural key once."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake.stores import ObjectStore
from coinlake.tables import tables
from ops.query import duckdb

OPEN = datetime(2026, 11, 21, 7, tzinfo=UTC)
RAW = (
    "raw/source=coinbase/dataset=candles/dt=2026-11-21/20261121T0{hour}0000Z.BTC-USD.1h.24{revision}.json.gz"
)


@pytest.fixture
def stack(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    return SimpleNamespace(
        lake=ObjectStore(s3, "lake"), environment="test", account_id="1", database="coinlake_test"
    )


def candle(
    hour: int, close: str, received: int, *, closed: bool = True, revision: str = ""
) -> dict[str, Any]:
    """A bucket of ``OPEN``, asked for at ``hour`` and received ``received`` minutes after ``OPEN``."""
    row = {"source": "coinbase", "base": "BTC", "quote": "USD", "raw_symbol": "BTC-USD", "open_time": OPEN}
    row |= dict.fromkeys(("open", "high", "low", "volume"), Decimal(1)) | {"close": Decimal(close)}
    row |= {"is_closed": closed, "received_at": OPEN + timedelta(minutes=received)}
    return row | {"raw_key": RAW.format(hour=hour, revision=revision)}


def trusted(name: str, *rows: dict[str, Any]) -> tuple[str, bytes]:
    """A key and the Parquet that lies there."""
    schema = tables()["candles"].schema
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema), body)
    return f"trusted/candles/interval=1h/month=2026-11/{name}.parquet", body.getvalue()


def land(stack: Any, name: str, *rows: dict[str, Any]) -> None:
    stack.lake.put(*trusted(name, *rows))


def closes(stack: Any, minutes: int) -> list[Decimal]:
    sql = "SELECT close FROM candles WHERE \"interval\" = '1h' AND month = '2026-11'"
    return [row[0] for row in duckdb.query(stack, sql, OPEN + timedelta(minutes=minutes)).rows]


def test_rows_received_later_are_not_read_as_of_a_time(stack):
    land(stack, "a", candle(8, "10", 61))
    land(stack, "b", candle(9, "20", 121))
    assert [closes(stack, minutes) for minutes in (60, 61, 120, 121)] == [[], [10], [10], [20]]


def test_a_closed_bucket_wins_over_an_open_one_that_came_later(stack):
    land(stack, "a", candle(8, "10", 61), candle(9, "20", 121, closed=False))
    assert closes(stack, 999) == [10]


def test_what_was_received_later_wins_whatever_the_revisions_of_two_requests(stack):
    land(stack, "a", candle(9, "1", 500))
    land(stack, "b", candle(8, "9", 300, revision=".r9"), candle(8, "10", 301, revision=".r10"))
    assert [closes(stack, minutes) for minutes in (300, 301, 999)] == [[9], [10], [1]]


def test_what_was_known_of_a_bucket_says_whether_it_was_complete(stack):
    land(stack, "a", candle(8, "10", 30, closed=False), candle(9, "20", 121))
    sql = "SELECT is_complete, has_gap, coverage FROM candles WHERE month = '2026-11'"
    rows = [duckdb.query(stack, sql, OPEN + timedelta(minutes=at)).rows for at in (60, 121)]
    assert rows == [[(False, False, None)], [(True, False, 1.0)]]


def test_of_two_of_one_moment_the_greatest_raw_key_wins(stack):
    land(stack, "a", candle(9, "2", 60), candle(8, "1", 60))
    assert closes(stack, 999) == [2]


def test_the_trusted_table_has_every_row_that_was_known(stack):
    land(stack, "a", candle(8, "10", 61), candle(9, "20", 121))
    sql = "SELECT count(*) FROM trusted_candles"
    assert duckdb.query(stack, sql, OPEN + timedelta(minutes=61)).rows == [(1,)]
    assert duckdb.query(stack, sql).rows == [(2,)]


@pytest.mark.parametrize(
    "table", ["quotes", "candles", "tickers", "price_points", "assets", "rates", "sentiment"]
)
def test_as_of_a_time_a_table_has_its_columns(stack, table):
    now = duckdb.query(stack, f"SELECT * FROM {table}")  # noqa: S608 - our own names
    then = duckdb.query(stack, f"SELECT * FROM {table}", OPEN)  # noqa: S608 - our own names
    assert (then.columns, then.types) == (now.columns, now.types)
