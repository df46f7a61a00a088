"""The ready questions, answered by DuckDB over sample Parquet."""

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from coinlake.tables import catalog
from ops import cli, query, relations
from ops.answers import Answer
from ops.laptop import ROOT
from ops.questions import question, questions

from . import sample_lake

# A question's types by what DuckDB answers with.
TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "decimal(38,18)": pa.decimal128(38, 18),
}


@pytest.fixture
def stack(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setattr(query, "BUILD", tmp_path)
    store = ObjectStore(s3, "lake")
    sample_lake.fill(store)
    return SimpleNamespace(lake=store, environment="test", account_id="1", database="coinlake_test")


def agrees(answer: Answer, expected: list[dict[str, Any]]) -> bool:
    """Whether the rows are these, in this order, as far as ``expected`` tells of each."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return [{name: row[name] for name in known} for row, known in zip(rows, expected, strict=True)] == [
        {name: naive(value) for name, value in known.items()} for known in expected
    ]


def naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.mark.parametrize("name", questions())
def test_a_question_is_answered_with_its_columns_in_their_types(stack, name):
    answer = query.with_duckdb(stack, question(name).sql)
    assert [(column.name, TYPES[column.type]) for column in question(name).columns] == list(
        zip(answer.columns, answer.types, strict=True)
    )
    assert agrees(answer, sample_lake.ANSWERS[name])


@pytest.mark.parametrize("name", questions())
def test_a_question_is_a_table_for_sql_too(stack, name):
    answer = query.with_duckdb(stack, f"WITH mine AS (SELECT * FROM {name}) SELECT count(*) FROM mine")  # noqa: S608 - our own names
    assert answer.rows == [(len(sample_lake.ANSWERS[name]),)]


@pytest.mark.parametrize("name", questions())
def test_a_question_asks_tables_alone_and_takes_no_name_of_one(name):
    assert relations.named(question(name).sql) <= catalog().keys()
    assert name not in catalog()


def test_a_price_is_as_old_as_the_time_since_it_was_seen(stack):
    [(age,)] = query.with_duckdb(stack, "SELECT age_minutes FROM latest_prices WHERE base = 'OLD'").rows
    assert 3 * 24 * 60 <= age < 3 * 24 * 60 + 60


def test_what_was_known_at_a_time_reaches_into_questions(stack):
    known = query.with_duckdb(stack, "SELECT * FROM price_history", sample_lake.NOW)
    assert (known.rows, len(known.columns)) == ([], 8)  # trusted holds nothing, refined does
    with pytest.raises(BadConfiguration, match="^bad_as_of: latest is computed from the newest rows"):
        query.with_duckdb(stack, "SELECT * FROM movers", sample_lake.NOW)


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
