"""What names in a query stand for."""

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest

from coinlake.errors import BadConfiguration
from coinlake.tables import catalog
from ops.query import relations
from ops.query.relations import explained, named, words

AT = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)


def test_a_query_of_tables_as_they_are_is_sent_as_it_was_written():
    sql = "select base -- comment\nfrom quotes where base = 'movers'"
    assert explained(sql, "lake") == sql


def test_what_was_known_hides_the_table_in_front_of_the_query():
    sql = explained("SELECT base FROM Quotes", "lake", AT)
    assert sql.startswith("WITH quotes AS (\nSELECT ")
    assert """FROM "lake"."trusted_quotes" WHERE received_at <= TIMESTAMP '2026-11-21 07:35:00.000'""" in sql
    assert sql.endswith("\n)\nSELECT base FROM Quotes")


def test_a_time_of_another_zone_is_the_same_moment():
    other = AT.astimezone(timezone(timedelta(hours=2)))
    assert explained("SELECT 1 FROM quotes", "lake", other) == explained("SELECT 1 FROM quotes", "lake", AT)


@pytest.mark.parametrize("lead", ["", "EXPLAIN ", "explain analyze ", "-- why\n", "/* a ( */ "])
@pytest.mark.parametrize(
    "query",
    [
        "WITH mine AS (SELECT * FROM quotes) SELECT * FROM mine",
        "with recursive n(i) AS (SELECT 1 FROM quotes UNION ALL SELECT i + 1 FROM n WHERE i < 3) TABLE n",
        "(SELECT base FROM quotes) UNION ALL SELECT base FROM quotes",
        'SELECT "quotes".base FROM "quotes"',
    ],
)
def test_every_form_of_a_query_keeps_its_meaning(lead, query):
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA lake")
        table = catalog()["trusted_quotes"]
        columns = [f'"{field.name}" {relations.sql_type(str(field.type))}' for field in table.schema]
        database.execute(f"CREATE TABLE lake.trusted_quotes ({', '.join(columns)}, dt VARCHAR)")
        assert database.execute(explained(lead + query, "lake", AT)).fetchall() is not None


def test_a_table_without_a_history_is_refused_by_what_can_be_asked():
    with pytest.raises(BadConfiguration, match=r"^bad_as_of: gaps .*--as-of reads quotes, candles, .*"):
        explained("SELECT * FROM gaps", "lake", AT)


def test_a_table_with_its_database_would_slip_by_and_is_refused():
    with pytest.raises(BadConfiguration, match="^bad_as_of: .* without their database lake$"):
        explained("SELECT * FROM Lake.quotes", "lake", AT)


def test_what_is_no_query_has_nothing_that_was_known():
    with pytest.raises(BadConfiguration, match="^not_a_query"):
        explained("DESCRIBE quotes", "lake", AT)
    assert explained("SHOW TABLES", "lake", AT) == "SHOW TABLES"


def test_sql_that_duckdb_cannot_read_is_searched_word_by_word():
    sql = "SELECT 1 FROM quotes MATCH_RECOGNIZE (PATTERN (a b+)) -- candles\n, 'rates', \"Tickers\""
    assert {"quotes", "tickers"} <= named(sql)
    assert not {"candles", "rates"} & named(sql)
    assert words("a.b \"C d\" 'e''f' /* g */ -- h") == {"a", "b", "c d"}
