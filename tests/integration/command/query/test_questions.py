"""The ready questions, answered by DuckDB over sample Parquet."""

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from coinlake.tables import catalog
from ops import cli
from ops.paths import ROOT
from ops.query import duckdb, relations
from ops.query.questions import question, questions
from ops.query.result import QueryResult
from ops.stack import Stack

from . import sample_lake

# A question's types by what DuckDB answers with.
TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "decimal(38,18)": pa.decimal128(38, 18),
}


@pytest.fixture
def stack(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    store = ObjectStore(s3, "lake")
    sample_lake.fill(store)
    return SimpleNamespace(lake=store, environment="test", account_id="1", database="coinlake_test")


def agrees(answer: QueryResult, expected: list[dict[str, Any]]) -> bool:
    """Whether the rows are these, in this order, as far as ``expected`` tells of each."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return [{name: row[name] for name in known} for row, known in zip(rows, expected, strict=True)] == [
        {name: naive(value) for name, value in known.items()} for known in expected
    ]


def naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.mark.parametrize("name", questions())
def test_a_question_is_answered_with_its_columns_in_their_types(stack, name):
    answer = duckdb.query(stack, question(name).sql)
    assert [(column.name, TYPES[column.type]) for column in question(name).columns] == list(
        zip(answer.columns, answer.types, strict=True)
    )
    assert agrees(answer, sample_lake.ANSWERS[name])


def test_questions_are_tables_for_sql_too(stack):
    counts = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in questions())  # noqa: S608 - our own names
    answer = duckdb.query(stack, f"WITH mine AS (SELECT {counts}) SELECT * FROM mine")  # noqa: S608 - likewise
    assert answer.rows == [tuple(len(sample_lake.ANSWERS[name]) for name in answer.columns)]


@pytest.mark.parametrize("dialect", ["duckdb", "athena"])
def test_questions_read_tables_only_and_have_no_table_name(dialect):
    assert (
        set().union(*(relations.table_names(each.sql, "lake", dialect) for each in questions().values()))
        <= catalog().keys()
    )
    assert not questions().keys() & catalog().keys()


def test_the_folders_of_a_stream_are_columns(stack):
    answer = duckdb.query(stack, sample_lake.TICKERS)
    assert answer.rows == [(sample_lake.STREAM, "BTCUSDT", sample_lake.DAY, 100)]


def test_the_age_of_a_price_is_the_time_since_it_was_observed(stack):
    [(age,)] = duckdb.query(stack, "SELECT age_minutes FROM latest_prices WHERE base = 'OLD'").rows
    assert 3 * 24 * 60 <= age < 3 * 24 * 60 + 60


def test_as_of_applies_to_the_tables_of_questions(stack):
    known = duckdb.query(stack, "SELECT * FROM price_history", sample_lake.NOW)
    assert (known.rows, len(known.columns)) == ([], 8)  # trusted holds nothing, refined does
    with pytest.raises(BadConfiguration, match="^bad_as_of: latest is computed from the newest rows"):
        duckdb.query(stack, "SELECT * FROM movers", sample_lake.NOW)


def test_an_unknown_question_is_answered_by_the_names():
    with pytest.raises(BadConfiguration, match=r"no question 'mover'; the questions are coverage, .*movers"):
        question("mover")


def test_the_list_names_every_question_and_needs_no_stack(monkeypatch):
    monkeypatch.setenv("COINLAKE_LOCAL", "/nonexistent")
    shown = CliRunner().invoke(cli.app, ["query", "--list"])
    assert shown.exit_code == 0
    assert all(name in shown.output for name in questions())


def test_the_docs_list_every_question():
    page = (ROOT / "docs" / "queries.md").read_text()
    assert set(re.findall(r"^\| `([a-z_]+)` \| [A-Z].*\?", page, re.MULTILINE)) == set(questions())


def test_the_command_writes_a_spreadsheets_csv_and_parquet(stack, monkeypatch, tmp_path):
    monkeypatch.setattr(Stack, "find", lambda _env: stack)
    paths = [tmp_path / "movers.csv", tmp_path / "movers.parquet"]
    arguments = ["query", "--name", "movers", "--csv", str(paths[0]), "--parquet", str(paths[1])]
    done = CliRunner().invoke(cli.app, arguments)
    assert (done.exit_code, done.output.count("wrote 2 rows to")) == (0, 2)
    assert [line.split(",")[0] for line in paths[0].read_text().splitlines()] == ["base", "DOGE", "BTC"]
    assert pq.read_table(paths[1])["change_24h_percent"].to_pylist() == [12.0, -2.5]


def test_the_command_shows_an_answer_as_a_table(stack, monkeypatch):
    monkeypatch.setattr(Stack, "find", lambda _env: stack)
    done = CliRunner().invoke(cli.app, ["query", "SELECT base FROM movers ORDER BY base"])
    assert "2 rows from DuckDB" in done.output
    assert done.output.index("BTC") < done.output.index("DOGE")


@pytest.mark.parametrize("time", ["2026-11-20T00:00", "2026-11-20"])
def test_a_time_without_its_zone_is_refused(time):
    done = CliRunner().invoke(cli.app, ["query", "SELECT 1", "--as-of", time])
    assert str(done.exception).startswith("tz_required:")
