"""Longer candles against DuckDB's calculation of the same rows, and by hand where rules meet."""

import random
from datetime import timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from coinlake.intervals import duration
from coinlake.tables import refined
from refine.tables.candles import derived, longer, with_derived
from tests.unit.refine.rows import DAY, candle, file, nothing, partition, raw_key

INDEPENDENT = """
    SELECT source, base, quote, time_bucket(to_seconds($step), open_time) AS bucket,
      min_by(open, open_time) AS open, max(high) AS high, min(low) AS low, max_by(close, open_time) AS close,
      CASE WHEN count(volume) = count(*) THEN sum(volume) END AS volume, count(*) AS parts
    FROM minutes GROUP BY ALL ORDER BY base, quote, bucket, source
"""


def minutes(count: int, seed: int = 1) -> pa.Table:
    """A walk of two venues' minutes, some of them missing, some without volume."""
    dice, rows = random.Random(seed), []
    for source in ("binance", "coinbase"):
        key = raw_key(count, source=source)
        for minute in range(count):
            low, high = sorted(Decimal(dice.randint(1, 10**6)).scaleb(-4) for _ in range(2))
            row = candle(
                minute,
                low,
                key,
                high=high,
                open=high,
                volume=dice.choice([Decimal(dice.randint(0, 9)), None]),
            )
            if dice.random() > 0.2:
                rows.append(row)
    return file("candles", rows)


@pytest.mark.parametrize("longer", ["5m", "15m", "30m", "1h"])
def test_longer_candles_are_what_duckdb_makes_of_the_same_minutes(longer: str):
    lower = minutes(400)
    plain = lower.cast(refined()["candles"].schema)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("minutes", plain)
        step = int(duration(longer).total_seconds())
        expected = database.sql(INDEPENDENT, params={"step": step}).to_arrow_table()
    rows = with_derived(nothing("candles"), lower, "1m", longer)
    expected = expected.rename_columns({"bucket": "open_time"})
    for name in ("source", "open_time", "open", "high", "low", "close", "volume", "parts"):
        ours, theirs = rows[name].to_pylist(), expected[name].to_pylist()
        assert ours == theirs, name
    assert set(rows["derived_from"].to_pylist()) == {"1m"}


def test_a_venues_own_candle_wins_and_the_others_are_filled_in():
    key = raw_key(200)
    lower = file("candles", [candle(minute, 1, key) for minute in range(120)])
    own = file("candles", [candle(0, 7, key)])
    rows = with_derived(own, lower, "1m", "1h")
    assert [int(close) for close in rows["close"].to_pylist()] == [7, 1]
    assert rows["derived_from"].to_pylist() == [None, "1m"]
    assert rows["parts"].to_pylist() == [None, 60]


def test_candles_derived_before_are_replaced():
    key = raw_key(200)
    before = with_derived(nothing("candles"), file("candles", [candle(0, 1, key)]), "1m", "5m")
    rows = with_derived(before, file("candles", [candle(7, 2, key)]), "1m", "5m")
    assert rows["open_time"].to_pylist() == [DAY + timedelta(minutes=5)]


@pytest.mark.parametrize(
    ("received", "closed", "expected"), [(5, True, True), (4, True, False), (5, False, False)]
)
def test_a_bucket_is_closed_once_its_shorter_candles_are_and_its_time_was_over(received, closed, expected):
    last = candle(3, 1, raw_key(0), received_at=DAY + timedelta(minutes=received), is_closed=closed)
    rows = derived(file("candles", [candle(0, 1, raw_key(0)), last]), "1m", "5m")
    assert rows["is_closed"].to_pylist() == [expected]


def test_hours_and_days_come_from_minutes_and_hours_of_the_same_month():
    assert [part.partition for part in longer(partition("candles", "interval=1m/month=2026-11"))] == [
        f"interval={longer}/month=2026-11" for longer in ("5m", "15m", "30m", "1h")
    ]
    assert [
        part.values["interval"] for part in longer(partition("candles", "interval=1h/month=2026-11"))
    ] == [
        "4h",
        "6h",
        "1d",
    ]
    assert longer(partition("candles", "interval=1d/month=2026-11")) == []
    assert longer(partition("quotes", "dt=2026-11-20")) == []


def test_no_minutes_give_no_hours():
    assert with_derived(nothing("candles"), nothing("candles"), "1m", "1h").num_rows == 0
