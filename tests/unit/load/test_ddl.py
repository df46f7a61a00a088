"""The SQL that a warehouse's tables are made of."""

import pyarrow as pa
import pytest

from coinlake.errors import BadConfiguration
from coinlake.tables import DECIMAL, LIVE_PRICE, TIMESTAMP, refined
from load.ddl import SinkTable, migrations, quoted
from load.dialects.postgres import column_type, create_table, row_hash

BARS = SinkTable(
    "bars",
    pa.schema(
        [
            ("source", pa.string()),
            ("base", pa.string()),
            ("quote", pa.string()),
            ("open_time", TIMESTAMP),
            ("open", DECIMAL),
            ("price", LIVE_PRICE),
            ("trades", pa.int64()),
            ("parts", pa.int32()),
            ("is_closed", pa.bool_()),
            ("coverage", pa.float64()),
        ]
    ),
    ("interval", "month"),
    ("source", "base", "quote", "interval", "open_time", "month"),
)
CREATE_BARS = """\
CREATE TABLE IF NOT EXISTS "coinlake"."bars" (
  "source" text NOT NULL,
  "base" text NOT NULL,
  "quote" text NOT NULL,
  "open_time" timestamp with time zone NOT NULL,
  "open" numeric(38,18),
  "price" numeric(18,8),
  "trades" bigint,
  "parts" integer,
  "is_closed" boolean,
  "coverage" double precision,
  "interval" text NOT NULL,
  "month" text NOT NULL,
  PRIMARY KEY ("base", "quote", "interval", "open_time", "source", "month")
)"""


def test_a_partitioned_table_has_its_partitions_as_columns_in_its_key_and_an_index_of_them() -> None:
    assert create_table("coinlake", BARS) == [
        CREATE_BARS,
        'CREATE INDEX IF NOT EXISTS "bars_partition" ON "coinlake"."bars" USING brin '
        '("interval", "month") WITH (pages_per_range = 32, autosummarize = on)',
    ]


def test_the_key_is_the_natural_key_and_the_partition() -> None:
    assert set(SinkTable.of(refined()["quotes"]).key) == {"source", "base", "quote", "observed_at", "dt"}


def test_a_table_whose_rows_are_told_apart_by_what_may_be_null_has_no_key() -> None:
    table = SinkTable.of(refined()["stream_gaps"])
    assert table.optional == ("first_id", "last_id")
    assert "PRIMARY KEY" not in create_table("coinlake", table)[0]


def test_a_table_without_partitions_needs_no_index_of_them() -> None:
    (statement,) = create_table("coinlake", SinkTable.of(refined()["latest"]))
    assert statement.endswith('PRIMARY KEY ("base", "quote", "source")\n)')


@pytest.mark.parametrize("name", sorted(refined()))
def test_no_name_is_twice_in_a_warehouses_table(name: str) -> None:
    names = [column.name for column in SinkTable.of(refined()[name]).columns]
    assert len(names) == len(set(names))


def test_a_column_that_was_declared_since_is_added_and_may_be_null() -> None:
    table = SinkTable("t", pa.schema([("a", pa.string()), ("b", pa.int32())]), (), ("a",))
    assert migrations("s", table, {"a": "text"}, column_type) == [
        'ALTER TABLE "s"."t" ADD COLUMN "b" integer'
    ]
    assert migrations("s", table, {"a": "text", "b": "integer", "gone": "text"}, column_type) == []


@pytest.mark.parametrize(
    ("existing", "sentence"),
    [
        ({"a": "text", "b": "bigint"}, "s.t.b is bigint, and the lake has integer"),
        ({"b": "integer"}, "has no column 'a', which is of its key; drop the table"),
    ],
)
def test_types_and_keys_never_change_silently(existing: dict[str, str], sentence: str) -> None:
    table = SinkTable("t", pa.schema([("a", pa.string()), ("b", pa.int32())]), (), ("a",))
    with pytest.raises(BadConfiguration, match=sentence):
        migrations("s", table, existing, column_type)


def test_names_are_quoted_whatever_they_hold() -> None:
    assert quoted('o"pen') == '"o""pen"'


def test_the_hash_of_rows_in_sql() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.timestamp("us", tz="UTC")), ("c", pa.bool_())])
    assert row_hash(schema, "t") == (
        "coalesce(sum(('x' || substr(md5(coalesce(t.\"a\"::text, '~') || '|' || "
        "coalesce((extract(epoch from t.\"b\") * 1000000)::bigint::text, '~') || '|' || "
        "coalesce((CASE WHEN t.\"c\" THEN '1' WHEN NOT t.\"c\" THEN '0' END), '~')), 1, 15))"
        "::bit(60)::bigint), 0)"
    )
