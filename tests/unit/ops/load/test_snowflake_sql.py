"""The SQL that Snowflake's administrator runs, whole: golden/*.sql, which UPDATE_GOLDEN=1 writes anew.

What of it a machine can run is run in tests/snowflake.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from typer.testing import CliRunner

from coinlake.tables import refined
from load.ddl import Column, SinkTable
from load.dialects import snowflake as sql
from load.hashing import declaration_hash
from ops import cli
from ops.load.load import NoWarehouse
from ops.load.snowflake import SnowflakeSetup
from ops.stack import Stack

GOLDEN = Path(__file__).parent / "golden"
OUTPUTS = {
    "function": "coinlake-dev-load-snowflake",
    "role_arn": "arn:aws:iam::123456789012:role/coinlake-dev-snowflake",
    "external_id": "coinlake-dev-123456789012",
    "topic_arn": "arn:aws:sns:us-east-1:123456789012:coinlake-dev-handoff",
    "tables": ["latest", "spreads"],
}
# What sqlglot keeps as it is: account objects, and statements that Snowflake alone has.
UNPARSED = (
    *("CREATE STORAGE", "CREATE ROLE", "CREATE PIPE", "CREATE OR REPLACE TASK"),
    *("ALTER TASK", "EXECUTE", "DESC", "GRANT"),
)


class FakeStack:
    environment = "dev"
    lake_bucket = "coinlake-dev-lake-123456789012-us-east-1"

    def __init__(self, **load: Any) -> None:
        self.load = load


def setup(*tables: str) -> SnowflakeSetup:
    outputs = OUTPUTS | ({"tables": list(tables)} if tables else {})
    return SnowflakeSetup.of(FakeStack(snowflake=outputs))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["1-account.sql", "2-tables.sql", "3-tasks.sql"])
def test_the_sql_is_the_golden_files(name: str) -> None:
    rendered = setup().files()[name]
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(rendered)
    assert rendered == (GOLDEN / name).read_text()


def test_all_that_is_no_object_of_snowflake_alone_is_snowflakes_sql() -> None:
    """sqlglot raises for what it cannot parse, and calls what it does not know a command."""
    whole = setup(*sorted(refined()))
    for statement in [*whole.account(), *whole.make_tables(), *whole.tasks()]:
        if not statement.startswith(UNPARSED):
            assert not isinstance(sqlglot.parse_one(statement, dialect="snowflake"), exp.Command), statement


def test_what_is_in_a_block_a_pipe_or_a_task_is_snowflakes_sql() -> None:
    sinks = [SinkTable.of(table) for table in refined().values()]
    statements = [sql.changed_columns(sinks), setup().report()]
    statements += [sql.copy_parts(sink, "HANDOFF") for sink in sinks]
    statements += [sql.delete_replaced(sink) for sink in sinks]
    for statement in statements:
        assert not isinstance(sqlglot.parse_one(statement, dialect="snowflake"), exp.Command), statement


@pytest.mark.parametrize("name", sorted(refined()))
def test_every_table_has_its_columns_its_partition_and_what_tells_versions_apart(name: str) -> None:
    sink = SinkTable.of(refined()[name])
    names = [column for column, _ in sql.parts_columns(sink)]
    assert names == [*(column.name for column in sink.columns), *sql.PART_COLUMNS]
    assert len(names) == len(set(names))


def test_the_types_hold_every_value_exactly() -> None:
    fields = {field.type for table in refined().values() for field in table.schema}
    types = {str(kind): sql.column_type(Column("c", kind, required=False)) for kind in fields}
    assert types == {
        "string": "VARCHAR",
        "int32": "NUMBER(10,0)",
        "int64": "NUMBER(19,0)",
        "bool": "BOOLEAN",
        "double": "FLOAT",
        "timestamp[us, tz=UTC]": "TIMESTAMP_NTZ(6)",
        "decimal128(38, 18)": "NUMBER(38,18)",
        "decimal128(18, 8)": "NUMBER(18,8)",
        "decimal128(28, 8)": "NUMBER(28,8)",
    }


def test_a_view_of_older_columns_can_be_told_from_the_declaration() -> None:
    sink = SinkTable.of(refined()["latest"])
    assert f"'{declaration_hash(sink.schema)}' AS \"VIEW_COLUMNS\"" in sql.create_ledger([sink])


def test_without_spreads_there_is_no_view_of_discounts() -> None:
    assert "DISCOUNTS" not in setup("latest").files()["2-tables.sql"]
    assert "DISCOUNTS" in setup("spreads").files()["2-tables.sql"]


def test_names_that_snowflake_would_not_take_are_quoted() -> None:
    assert sql.quoted('inter"val') == '"INTER""VAL"'
    stack: Any = FakeStack(snowflake=OUTPUTS)
    named = SnowflakeSetup.of(stack, database="my-lake")
    assert named.schema == '"MY_LAKE"."COINLAKE"'


def test_a_stack_without_snowflake_is_told_how_to_get_one() -> None:
    stack: Any = FakeStack(postgres={})
    with pytest.raises(NoWarehouse, match=r"dev loads no Snowflake; set load = \{ snowflake = \{\} \}"):
        SnowflakeSetup.of(stack)


def test_the_command_prints_all_or_writes_a_file_a_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Stack, "find", lambda _: FakeStack(snowflake=OUTPUTS))
    printed = CliRunner().invoke(cli.app, ["snowflake", "sql", "--env", "dev"])
    assert printed.exit_code == 0
    assert printed.stdout == "\n".join(setup().files().values())
    written = CliRunner().invoke(cli.app, ["snowflake", "sql", "--folder", str(tmp_path / "sql")])
    assert written.exit_code == 0
    assert {file.name: file.read_text() for file in (tmp_path / "sql").iterdir()} == setup().files()
