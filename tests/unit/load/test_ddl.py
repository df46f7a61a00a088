"""The SQL that a warehouse's tables are made of."""

import pyarrow as pa
import pytest

from coinlake.errors import BadConfiguration
from coinlake.tables import refined
from load.ddl import SinkTable, create_table, migrations, postgres_hash, quoted

CANDLES = """\
CREATE TABLE IF NOT EXISTS "coinlake"."candles" (
  "source" text NOT NULL,
  "base" text NOT NULL,
  "quote" text NOT NULL,
  "raw_symbol" text,
  "open_time" timestamp with time zone NOT NULL,
  "open" numeric(38,18),
  "high" numeric(38,18),
  "low" numeric(38,18),
  "close" numeric(38,18),
  "volume" numeric(38,18),
  "quote_volume" numeric(38,18),
  "trades" bigint,
  "is_closed" boolean,
  "received_at" timestamp with time zone,
  "raw_key" text,
  "derived_from" text,
  "parts" integer,
  "interval" text NOT NULL,
  "month" text NOT NULL,
  PRIMARY KEY ("base", "quote", "interval", "open_time", "source", "month")
)"""


def test_a_partitioned_table_has_its_partitions_as_columns_in_its_key_and_an_index_of_them() -> None:
    assert create_table("coinlake", SinkTable.of(refined()["candles"])) == [
        CANDLES,
        'CREATE INDEX IF NOT EXISTS "candles_partition" ON "coinlake"."candles" USING brin '
        '("interval", "month") WITH (pages_per_range = 32, autosummarize = on)',
    ]


def test_a_table_without_partitions_needs_no_index_of_them() -> None:
    (statement,) = create_table("coinlake", SinkTable.of(refined()["latest"]))
    assert statement.endswith('PRIMARY KEY ("base", "quote", "source")\n)')


@pytest.mark.parametrize("name", sorted(refined()))
def test_no_name_is_twice_in_a_warehouses_table(name: str) -> None:
    names = [column.name for column in SinkTable.of(refined()[name]).columns]
    assert len(names) == len(set(names))


def test_a_column_that_was_declared_since_is_added_and_may_be_null() -> None:
    table = SinkTable("t", pa.schema([("a", pa.string()), ("b", pa.int32())]), (), ("a",))
    assert migrations("s", table, {"a": "text"}) == ['ALTER TABLE "s"."t" ADD COLUMN "b" integer']
    assert migrations("s", table, {"a": "text", "b": "integer", "gone": "text"}) == []


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
        migrations("s", table, existing)


def test_names_are_quoted_whatever_they_hold() -> None:
    assert quoted('o"pen') == '"o""pen"'


def test_the_hash_of_rows_in_sql() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.timestamp("us", tz="UTC")), ("c", pa.bool_())])
    assert postgres_hash(schema, "t") == (
        "coalesce(sum(('x' || substr(md5(coalesce(t.\"a\"::text, '~') || '|' || "
        "coalesce((extract(epoch from t.\"b\") * 1000000)::bigint::text, '~') || '|' || "
        "coalesce((CASE WHEN t.\"c\" THEN '1' WHEN NOT t.\"c\" THEN '0' END), '~')), 1, 15))"
        "::bit(60)::bigint), 0)"
    )
