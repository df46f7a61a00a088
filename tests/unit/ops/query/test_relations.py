"""What names in a query stand for."""

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest

from coinlake.errors import BadConfiguration
from coinlake.tables import catalog
from ops.query import relations
from ops.query.relations import define, table_names

AT = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
DIALECTS = pytest.mark.parametrize("dialect", ["duckdb", "athena"])


@pytest.fixture
def lake():
    """A database with empty trusted_quotes and one row of each refined table that is asked for."""
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA lake; SET schema = 'lake'")
        table = catalog()["trusted_quotes"]
        columns = [f'"{field.name}" {relations.sql_type(str(field.type))}' for field in table.schema]
        database.execute(f"CREATE TABLE trusted_quotes ({', '.join(columns)}, dt VARCHAR)")
        yield database


def test_a_query_of_tables_as_they_are_is_sent_as_it_was_written():
    sql = "select base -- comment\nfrom quotes where base = 'movers'"
    assert define(sql, "lake", "duckdb") == sql


@DIALECTS
def test_as_of_a_time_a_table_is_hidden_by_its_definition(dialect):
    sql = define("SELECT base FROM Quotes", "lake", dialect, AT)
    assert sql.startswith("WITH quotes AS (\nSELECT ")
    assert """FROM "lake"."trusted_quotes" WHERE received_at <= TIMESTAMP '2026-11-21 07:35:00.000'""" in sql
    assert sql.endswith("\n)\nSELECT base FROM Quotes")


def test_a_time_of_another_zone_is_the_same_moment():
    other = AT.astimezone(timezone(timedelta(hours=2)))
    sql = "SELECT 1 FROM quotes"
    assert define(sql, "lake", "duckdb", other) == define(sql, "lake", "duckdb", AT)


@pytest.mark.parametrize("lead", ["", "EXPLAIN ", "explain analyze ", "-- why\n", "/* a ( */ "])
@pytest.mark.parametrize(
    "query",
    [
        "WITH mine AS (SELECT * FROM quotes) SELECT * FROM mine",
        "with recursive n(i) AS (SELECT 1 FROM quotes UNION ALL SELECT i + 1 FROM n WHERE i < 3) TABLE n",
        "(SELECT base FROM quotes) UNION ALL SELECT base FROM quotes",
        'SELECT "quotes".base FROM "quotes"',
        "WITH quotes AS (SELECT * FROM quotes WHERE base = 'BTC') SELECT quotes.base FROM quotes",
        "WITH quotes AS (SELECT q.base FROM Quotes q) SELECT base FROM (SELECT * FROM quotes)",
    ],
)
def test_every_form_of_a_query_keeps_its_meaning(lake, lead, query):
    assert lake.execute(define(lead + query, "lake", "duckdb", AT)).fetchall() is not None


@DIALECTS
@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT * FROM quotes", {"quotes"}),
        ('SELECT * FROM "Quotes" AS q JOIN "movers" ON true', {"quotes", "movers"}),
        ("SELECT 'candles' FROM quotes -- candles\n/* FROM tickers */", {"quotes"}),
        ("WITH quotes AS (SELECT 1 AS x) SELECT * FROM quotes", set()),
        ("WITH quotes AS (SELECT 1 AS x) SELECT * FROM quotes, candles", {"candles"}),
        ("WITH quotes AS (SELECT * FROM quotes) SELECT * FROM quotes", {"quotes"}),
        (
            "SELECT (SELECT max(price) FROM quotes) FROM (SELECT * FROM candles) AS c "
            "WHERE EXISTS (SELECT 1 FROM tickers AS t WHERE t.symbol = c.raw_symbol)",
            {"quotes", "candles", "tickers"},
        ),
        ("SELECT base FROM quotes UNION ALL (SELECT base FROM candles)", {"quotes", "candles"}),
        ("SELECT candles FROM quotes AS tickers", {"quotes"}),
        ("SELECT * FROM lake.quotes, other.candles, information_schema.tables", {"quotes"}),
        ("EXPLAIN SELECT * FROM quotes", {"quotes"}),
        ("DESCRIBE quotes", {"quotes"}),
        ("SELECT count(*) FROM quotes TABLESAMPLE BERNOULLI (10)", {"quotes"}),
        ("SELEC 1 FROM quotes", set()),
    ],
)
def test_the_tables_of_a_query_are_those_that_it_reads(sql, names, dialect):
    assert table_names(sql, "lake", dialect) == names


def test_sql_that_only_athena_understands_is_read_in_its_dialect():
    sql = (
        "SELECT * FROM quotes MATCH_RECOGNIZE (PARTITION BY base ORDER BY observed_at "
        "MEASURES a.price AS p ONE ROW PER MATCH PATTERN (a b+) DEFINE b AS price < 1) AS m, candles"
    )
    assert table_names(sql, "lake", "athena") == {"quotes", "candles"}


@pytest.mark.parametrize("sql", ["SUMMARIZE quotes", "FROM quotes", "PIVOT quotes ON base USING max(price)"])
def test_duckdbs_own_statements_are_parsed_too(sql):
    assert table_names(sql, "lake", "duckdb") == {"quotes"}


def test_a_query_may_redefine_a_table_from_itself_as_of_a_time():
    sql = define(
        "WITH quotes AS (SELECT quotes.base FROM quotes) SELECT base FROM quotes", "lake", "athena", AT
    )
    assert sql.startswith("WITH quotes__lake AS (\nSELECT ")
    assert sql.endswith("quotes AS (SELECT quotes.base FROM quotes__lake AS quotes) SELECT base FROM quotes")


def test_a_table_without_history_is_refused_and_those_with_one_are_named():
    with pytest.raises(BadConfiguration, match=r"^bad_as_of: gaps .*--as-of reads quotes, candles, .*"):
        define("SELECT * FROM gaps", "lake", "duckdb", AT)


@DIALECTS
def test_a_table_with_its_database_is_refused_as_of_a_time(dialect):
    with pytest.raises(BadConfiguration, match="^bad_as_of: .* without their database lake$"):
        define("SELECT * FROM Lake.quotes", "lake", dialect, AT)


@DIALECTS
def test_sql_that_cannot_be_parsed_is_refused_as_of_a_time(dialect):
    with pytest.raises(BadConfiguration, match="^bad_as_of: this SQL cannot be parsed"):
        define("SELEC base FROM quotes", "lake", dialect, AT)
    assert define("SELEC base FROM quotes", "lake", dialect) == "SELEC base FROM quotes"


def test_a_statement_that_is_not_a_query_is_refused_as_of_a_time():
    with pytest.raises(BadConfiguration, match="^not_a_query"):
        define("DESCRIBE quotes", "lake", "duckdb", AT)
    assert define("SHOW TABLES", "lake", "duckdb", AT) == "SHOW TABLES"
