"""Snowflake shows exactly the rows of the lake's newest parts, whatever comes in which order how often."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from load.dialects import snowflake as sql
from load.hashing import text
from load.probe import probe_rows
from tests.integration.load.conftest import place
from tests.integration.load.rows import DAY, candle, quote
from tests.snowflake.conftest import SnowflakeAccount

TODAY = place("quotes", "dt=2026-11-20")
NEXT = place("quotes", "dt=2026-11-21")
MONTH = place("candles", "interval=1h/month=2026-11")


def prices(account: SnowflakeAccount) -> list[tuple[str, str, str]]:
    shown = [(row["dt"], row["base"], row["price"]) for row in account.shown("quotes")]
    return sorted((day, base, str(Decimal(price).normalize())) for day, base, price in shown)


def test_rows_and_hash_are_equal_in_lake_ledger_and_snowflake(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1.5"), quote(1, "0.000000000000000001", "ETH", rank=None))
    account.put(MONTH, *(candle(hour, "12345678901234567890.123456789012345678") for hour in range(5)))
    account.put(place("latest"), {"source": "coinbase", "base": "BTC", "quote": "USD", "price": Decimal(1)})
    account.put(place("spreads", "month=2026-11"), spread(0, "kraken", 0.25))
    account.run()
    account.deliver()
    assert account.in_snowflake() == account.in_lake()
    account.report_held()
    compared = account.run(check=True)["partitions"]
    assert [entry["equal"] for entry in compared] == [True] * 4


def test_a_changed_digit_is_found(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1.000000000000000001"))
    account.run()
    account.deliver()
    account.snow.execute('UPDATE "QUOTES_PARTS" SET "PRICE" = 1.000000000000000002')
    account.report_held()
    ((entry,),) = (account.run(check=True)["partitions"],)
    assert not entry["equal"]
    assert entry["lake"] == entry["ledger"] != entry["warehouse"]


def test_versions_may_come_in_any_order(account: SnowflakeAccount) -> None:
    for price in ("1", "2", "3"):
        account.put(TODAY, quote(0, price))
        account.run()
    account.deliver(*reversed(account.keys()))
    assert prices(account) == [("2026-11-20", "BTC", "3")]
    account.purge()
    assert prices(account) == [("2026-11-20", "BTC", "3")]
    assert account.snow.execute('SELECT COUNT(*) FROM "QUOTES_PARTS"') == [[1]]


def test_a_late_version_after_the_purge_changes_nothing(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.run()
    (late,) = account.pending()
    account.put(TODAY, quote(0, "2"))
    account.run()
    account.deliver(account.keys()[-1])
    account.purge()
    account.deliver(late)
    assert prices(account) == [("2026-11-20", "BTC", "2")]


def test_a_file_that_is_loaded_twice_is_shown_once(account: SnowflakeAccount) -> None:
    """As by a pipe that somebody made anew, and refreshed."""
    account.put(TODAY, quote(0, "1"), quote(0, "2", "ETH"))
    account.run()
    account.deliver()
    account.deliver(*account.keys())
    assert account.snow.execute('SELECT COUNT(*) FROM "QUOTES_PARTS"') == [[2]]  # the pipe remembers
    account.deliver(*account.keys(), anew=True)
    assert account.snow.execute('SELECT COUNT(*) FROM "QUOTES_PARTS"') == [[4]]
    assert prices(account) == [("2026-11-20", "BTC", "1"), ("2026-11-20", "ETH", "2")]
    assert account.in_snowflake() == account.in_lake()


def test_a_version_that_is_not_there_in_whole_is_not_shown(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.run()
    account.deliver()
    account.put(TODAY, quote(0, "2"), quote(0, "3", "ETH"))
    account.run()
    account.deliver()
    account.snow.execute('DELETE FROM "QUOTES_PARTS" WHERE "PART_ROWS" = 2 AND "PART_ROW" = 2')
    assert prices(account) == [("2026-11-20", "BTC", "1")]
    account.purge()
    assert prices(account) == [("2026-11-20", "BTC", "1")]


def test_rows_that_vanished_vanish_and_so_does_a_part(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"), quote(0, "2", "ETH"))
    account.put(NEXT, quote(0, "3"))
    account.run()
    account.deliver()
    account.put(TODAY, quote(0, "2", "ETH"))
    account.delete(NEXT)
    account.run()
    account.deliver()
    assert prices(account) == [("2026-11-20", "ETH", "2")]
    account.purge()
    assert prices(account) == [("2026-11-20", "ETH", "2")]
    assert account.run()["partitions_removed"] == 0


def test_a_part_without_rows_empties_its_partition_alone(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.put(NEXT, quote(0, "2"))
    account.run()
    account.deliver()
    account.put(TODAY)
    account.run()
    account.deliver()
    assert prices(account) == [("2026-11-21", "BTC", "2")]
    assert account.in_snowflake() == account.in_lake()


def test_a_quote_that_lies_in_two_days_is_there_twice(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.put(NEXT, quote(0, "1"))
    account.run()
    account.deliver()
    assert prices(account) == [("2026-11-20", "BTC", "1"), ("2026-11-21", "BTC", "1")]


def test_a_table_without_partitions_is_replaced_as_a_whole(account: SnowflakeAccount) -> None:
    for base in ("BTC", "ETH"):
        account.put(place("latest"), {"source": "coinbase", "base": base, "quote": "USD"})
        account.run()
    account.deliver()
    assert [row["base"] for row in account.shown("latest")] == ["ETH"]
    account.purge()
    assert account.snow.execute('SELECT COUNT(*) FROM "LATEST_PARTS"') == [[1]]


def test_times_are_exact_to_the_microsecond(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1", received_at=DAY.replace(microsecond=999999)))
    account.run()
    account.deliver()
    ((micros,),) = account.snow.execute('SELECT DATE_PART(EPOCH_MICROSECOND, "RECEIVED_AT") FROM "QUOTES"')
    assert micros == round(DAY.timestamp()) * 1_000_000 + 999999


def test_every_extreme_value_of_the_probe_is_read_back_exactly(account: SnowflakeAccount) -> None:
    """But the double 1e15, of which DuckDB's cast to a decimal makes 1000000000000000.09…."""
    account.run(probe=True)
    account.deliver()
    rows = probe_rows()
    for column in rows.schema:
        selected = f'SELECT {sql.hashed_text(column)} FROM "PROBE_PARTS" ORDER BY "PART_ROW"'  # noqa: S608
        read = [value for (value,) in account.snow.execute(selected)]
        written = [value for chunk in rows[column.name].chunks for value in text(chunk).to_pylist()]
        different = [pair for pair in zip(read, written, strict=True) if pair[0] != pair[1]]
        assert [value for _, value in different] in ([], ["1000000000000000.0000000000"]), column.name


def test_the_set_up_can_be_run_again_and_adds_a_column_that_is_new(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.run()
    account.deliver()
    for name in ("QUOTES", "QUOTES_CURRENT", "LOADS"):
        account.snow.execute(f'DROP VIEW "{name}"')
    account.snow.execute('ALTER TABLE "QUOTES_PARTS" DROP COLUMN "RANK"')
    account.set_up()
    assert [row["rank"] for row in account.shown("quotes")] == [None]
    account.set_up()
    account.put(TODAY, quote(0, "2", rank=7))
    account.run()
    account.deliver()
    assert [row["rank"] for row in account.shown("quotes")] == ["7"]
    assert account.in_snowflake() == account.in_lake()


def test_a_column_that_changed_its_type_is_found(account: SnowflakeAccount) -> None:
    sinks = account.setup.sinks
    assert account.snow.execute(sql.changed_columns(sinks)) == []
    (quotes,) = (sink for sink in sinks if sink.name == "quotes")
    fields = [pa.field("rank", pa.string()) if field.name == "rank" else field for field in quotes.schema]
    changed = replace(quotes, schema=pa.schema(fields))
    assert account.snow.execute(sql.changed_columns([changed])) == [["QUOTES_PARTS", "RANK", "VARCHAR"]]


def test_a_snowflake_that_was_emptied_catches_up(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.put(NEXT, quote(0, "2"))
    account.run()
    account.deliver()
    account.snow.execute('DELETE FROM "QUOTES_PARTS" WHERE "DT" = \'2026-11-20\'')
    account.report_held()
    account.run()
    account.deliver()
    assert account.in_snowflake() == account.in_lake()
    account.report_held()
    assert account.run()["partitions_equal"] == 2


def test_the_ledger_shows_what_was_handed_over_beside_what_is_held(account: SnowflakeAccount) -> None:
    account.put(TODAY, quote(0, "1"))
    account.run()
    account.deliver()
    ((rows, handed_rows, total, handed, columns, view),) = account.snow.execute(
        'SELECT "ROWS", "HANDED_ROWS", "HASH", "HANDED_HASH", "COLUMNS", "VIEW_COLUMNS" FROM "LOADS"'
    )
    assert (rows, int(total), columns) == (handed_rows, int(handed), view)


def test_discounts_are_each_sources_days_against_the_median(account: SnowflakeAccount) -> None:
    month = place("spreads", "month=2026-11")
    account.put(
        month,
        *(spread(minute, "kraken", bps) for minute, bps in ((0, -4.0), (5, -2.0), (10, -3.0))),
        spread(0, "coinbase", 4.0),
        spread(5, "coinbase", None),
    )
    account.run()
    account.deliver()
    rows = account.snow.execute(
        'SELECT "SOURCE", "SLOTS", "MEAN_BPS", "MEDIAN_BPS", "LOWEST_BPS", "HIGHEST_BPS" FROM "DISCOUNTS"'
        " ORDER BY 1"
    )
    assert rows == [["coinbase", 1, 4.0, 4.0, 4.0, 4.0], ["kraken", 3, -3.0, -3.0, -4.0, -2.0]]


def spread(minute: int, source: str, bps: float | None) -> dict[str, Any]:
    moment = DAY.replace(minute=minute)
    return {
        **{"base": "BTC", "quote": "USD", "slot_time": moment, "source": source, "observed_at": moment},
        **{"price": Decimal(1), "venues": 2, "median": Decimal(1), "spread_bps": bps},
    }


@pytest.mark.parametrize("name", ["candles", "latest", "quotes", "spreads"])
def test_a_table_of_which_nothing_was_loaded_is_empty(account: SnowflakeAccount, name: str) -> None:
    assert account.shown(name) == []
