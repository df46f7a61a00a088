"""The SQL that Redshift gets, whole: golden/redshift.sql, which UPDATE_GOLDEN=1 writes anew."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from coinlake.errors import BadConfiguration
from coinlake.keys import Partition
from coinlake.tables import refined
from load.ddl import Column, SinkTable, migrations
from load.dialects import redshift as sql
from load.planning import Loaded, TablePartition
from load.targets.redshift import to_error
from tests.unit.load.test_ddl import BARS

GOLDEN = Path(__file__).parent / "golden" / "redshift.sql"
PLACE = TablePartition("bars", Partition("interval=1h/month=2026-11"))
LOADED = Loaded("0a1b", 27360, 123456789012345678901234, "c0ffee")
COPY = sql.Copy("s3://lake/handoff/redshift/bars/interval=1h/month=2026-11/0000000017.0a1b.parquet", "arn:r")


def rendered() -> str:
    replacement = sql.Replacement("coinlake", BARS, PLACE, 17)
    parts = {
        "prepare": [
            sql.schemas("coinlake"),
            sql.relations("coinlake"),
            sql.columns("coinlake"),
            sql.create_schema("coinlake"),
            sql.create_ledger("coinlake"),
            *sql.create_table("coinlake", BARS),
            sql.create_discounts("coinlake"),
        ],
        "ledger": [
            sql.ledger("coinlake"),
            sql.ledger("coinlake", PLACE),
            sql.forget("coinlake", "bars", None),
        ],
        "load": replacement.load(LOADED, COPY).statements,
        "keep": replacement.keep(LOADED).statements,
        "remove": replacement.remove().statements,
        "check": [sql.measure("coinlake", BARS, PLACE)],
        "probe": [*sql.stage(BARS.schema, COPY), sql.measure_stage(BARS.schema)],
    }
    return "\n".join(
        f"-- {name}\n" + "".join(f"{statement};\n" for statement in statements)
        for name, statements in parts.items()
    )


def test_the_sql_is_the_golden_files() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(rendered())
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", sorted(refined()))
def test_a_batch_of_every_table_names_the_statements_that_fail_on_purpose(name: str) -> None:
    table = SinkTable.of(refined()[name])
    partition = "/".join(f"{level}=x" for level in table.partitions)
    batch = sql.Replacement("coinlake", table, TablePartition(name, Partition(partition)), 2).load(
        LOADED, COPY
    )
    assert len(batch.statements) <= 40
    assert batch.statements[0] == 'LOCK "coinlake"."loads"'
    assert batch.verification == len(batch.statements) - 1
    for number in (batch.guard, batch.verification):
        assert batch.statements[number].startswith("SELECT 1 / CASE WHEN (SELECT")


def test_types_are_spelled_as_the_catalog_spells_them() -> None:
    existing = {"a": sql.existing_type("character varying", 1024, None, None)}
    existing["b"] = sql.existing_type("numeric", None, 38, 18)
    table = SinkTable("t", pa.schema([("a", pa.string()), ("b", pa.decimal128(38, 18))]), (), ("a",))
    assert migrations("s", table, existing, sql.column_type) == []
    with pytest.raises(BadConfiguration, match="is numeric"):
        wider = {**existing, "b": sql.existing_type("numeric", None, 38, 10)}
        migrations("s", table, wider, sql.column_type)
    assert sql.column_type(Column("evidence", pa.string(), required=False)) == "character varying(4096)"


def test_texts_are_quoted_whatever_they_hold() -> None:
    assert sql.literal("O'Hara\\") == "'O''Hara\\\\'"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ('ERROR: permission denied for schema "coinlake"', "run the SQL of docs/load.md"),
        ("ERROR: must be owner of relation quotes", "run the SQL of docs/load.md"),
        ("ERROR: User arn:x is not authorized to assume IAM Role arn:y", "attach the role"),
        ("ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied", "may not read the copy"),
        ("FATAL: database lake does not exist", "there is no such database"),
        ("ERROR: Query reached usage limit", "its usage limit is reached"),
        ("ERROR: Disk Full", "the disk is full"),
        ("ERROR: Spectrum Scan Error. incompatible Parquet schema for column", "--probe"),
        ("ERROR: something else\nDETAIL: long", "Redshift: ERROR: something else"),
    ],
)
def test_what_redshift_says_is_one_sentence_with_the_remedy(words: str, remedy: str) -> None:
    error = str(to_error(words, "load quotes"))
    assert error.startswith("could not load quotes: ")
    assert remedy in error
    assert "\n" not in error
