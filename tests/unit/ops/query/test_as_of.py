"""What was known at a time is what refine had kept by then: two independent ways to the same rows."""

from datetime import timedelta

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.query.relations import define
from tests.examples import examples
from tests.unit.refine.rows import DAY, nothing
from tests.unit.refine.test_merge import files, merged

COLUMNS = ["source", "base", "quote", "open_time", "close", "is_closed", "raw_key"]


@settings(max_examples=examples(40))
@given(files(), st.integers(min_value=-1, max_value=2))
def test_sql_keeps_the_rows_that_refine_keeps(drawn: list[pa.Table], minutes: int) -> None:
    moment = DAY + timedelta(minutes=minutes)
    seen = [rows for rows in drawn if rows["received_at"][0].as_py() <= moment]
    kept = merged(*seen).select(COLUMNS).to_pylist() if seen else []
    sql = define(f"SELECT {', '.join(COLUMNS)} FROM candles", "lake", "duckdb", moment)  # noqa: S608 - our own names
    assert sorted(run_query(sql, drawn), key=str) == sorted(kept, key=str)


def run_query(sql: str, drawn: list[pa.Table]) -> list[dict]:
    trusted = pa.concat_tables([nothing("candles"), *drawn])
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'; CREATE SCHEMA lake")
        database.register("rows", trusted)
        database.execute(
            "CREATE VIEW lake.trusted_candles AS "
            "SELECT *, '1h' AS \"interval\", '2026-11' AS \"month\" FROM rows"
        )
        return database.sql(sql).to_arrow_table().to_pylist()
