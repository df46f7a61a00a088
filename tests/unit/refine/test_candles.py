"""Longer candles against DuckDB's calculation of the same rows, and by hand where rules meet."""

import random
from datetime import timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from coinlake.intervals import duration
from coinlake.keys import Partition
from coinlake.tables import refined
from refine.coverage import with_answered_span
from refine.merge import in_order, merge
from refine.tables.candles import derived, longer, with_derived
from tests.unit.refine.rows import DAY, answer, candle, file, nothing, partition, raw_key, window

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


@pytest.mark.parametrize("sources", [["coinbase"], ["binance", "coinbase"]])
def test_sorted_minutes_give_the_same_candles_as_those_in_any_order(sources):
    rows = minutes(200)
    rows = rows.filter(pc.is_in(rows["source"].cast(pa.string()), value_set=pa.array(sources)))
    places = list(range(rows.num_rows))
    random.Random(3).shuffle(places)
    ordered, shuffled = (
        in_order(refined()["candles"], derived(table, "1m", "5m")).to_pylist()
        for table in (in_order(refined()["candles"], rows), rows.take(places))
    )
    assert ordered == shuffled


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
    last = candle(4, 1, raw_key(0), received_at=DAY + timedelta(minutes=received), is_closed=closed)
    four = [candle(minute, 1, raw_key(0)) for minute in range(4)]
    rows = derived(file("candles", [*four, last]), "1m", "5m")
    assert rows["is_closed"].to_pylist() == [expected]


def test_nine_of_fifteen_minutes_are_no_closed_quarter_of_an_hour():
    """Received long after: a venue that publishes idle minutes lacks six of them for another reason."""
    rows = derived(answer(window(24 * 60, 24 * 60, source="binance"), range(6, 15)), "1m", "15m")
    (row,) = rows.to_pylist()
    assert (row["is_closed"], row["is_complete"], row["has_gap"]) == (False, False, True)
    assert (row["parts"], row["coverage"]) == (9, 0.6)


def test_minutes_that_were_answered_for_and_are_not_there_did_not_trade():
    (row,) = derived(answer(window(15, 15), [3, 4, 14]), "1m", "15m").to_pylist()
    assert (row["is_closed"], row["is_complete"], row["has_gap"], row["coverage"]) == (True, True, False, 1)
    assert (row["parts"], row["volume"]) == (3, 3)
    assert (row["answered_from"], row["answered_until"]) == (DAY, DAY + timedelta(minutes=15))


def test_an_answer_with_rejected_rows_does_not_say_what_is_idle():
    (row,) = derived(answer(window(15, 15), [3, 4, 14], rejected=True), "1m", "15m").to_pylist()
    assert (row["is_complete"], row["coverage"], row["has_gap"]) == (False, 0.2, True)


def test_whether_rows_were_rejected_is_not_asked_of_an_answer_that_lacks_nothing():
    key = window(15, 15)
    rows = file("candles", [candle(minute, 1, key) for minute in range(15)])
    trusted = key.trusted("candles", Partition.month(DAY, interval="1m"))

    def asked() -> bool:
        raise AssertionError("asked")

    assert with_answered_span(rows, trusted, "1m", asked)["answered_from"].null_count == 0


def test_a_bucket_that_closed_less_than_a_minute_before_the_answer_may_still_come():
    late = {"received_at": DAY + timedelta(minutes=15, seconds=30)}
    (row,) = derived(answer(window(15, 15), range(14), **late), "1m", "15m").to_pylist()
    assert (row["is_complete"], row["has_gap"], row["parts"]) == (False, False, 14)


def test_what_an_answer_said_of_idle_time_stays_known_when_a_later_one_over_its_rows_wins():
    """Runs ask for overlapping windows: in the end no row is of the one that saw the idle minutes."""
    first, second = answer(window(15, 15), [14]), answer(window(29, 15), [14, 20])
    for files in ([first, second], [second, first], [first, second, first]):
        part = nothing("candles")
        for rows in files:
            part = merge(refined()["candles"], part, [rows])
        assert part["raw_key"].to_pylist() == [str(window(29, 15))] * 2
        quarter = derived(part, "1m", "15m").to_pylist()[0]
        assert (quarter["is_complete"], quarter["coverage"]) == (True, 1)


def test_a_day_carries_what_its_hours_know():
    """Eight whole hours make no day; nor do 24 of which one has half of its minutes."""
    whole = answer(window(24 * 60, 24 * 60, source="binance"), range(24 * 60))
    holed = answer(window(24 * 60, 24 * 60, source="binance"), [*range(600), *range(630, 24 * 60)])
    idle = answer(window(24 * 60, 24 * 60), [*range(600), *range(780, 24 * 60)])
    late = answer(window(24 * 60, 24 * 60, source="binance"), range(960, 24 * 60))
    expected = {
        "whole": (whole, (True, True, False, 1.0, 24)),
        "holed": (holed, (False, False, True, 0.9791666667, 24)),
        "idle": (idle, (True, True, False, 1.0, 21)),
        "late": (late, (False, False, True, 0.3333333333, 8)),
    }
    for name, (minutes, told) in expected.items():
        hours = with_derived(nothing("candles"), minutes, "1m", "1h")
        (day,) = with_derived(nothing("candles"), hours, "1h", "1d").to_pylist()
        columns = ("is_closed", "is_complete", "has_gap", "coverage", "parts")
        assert tuple(day[column] for column in columns) == told, name


def test_a_day_that_still_runs_has_no_gap_while_nothing_is_missing():
    hours = with_derived(nothing("candles"), answer(window(90, 90), range(90)), "1m", "1h")
    assert hours["is_complete"].to_pylist() == [True, False]
    (day,) = with_derived(nothing("candles"), hours, "1h", "1d").to_pylist()
    assert (day["is_complete"], day["has_gap"], day["coverage"]) == (False, False, 0.0625)


def test_complete_minutes_know_more_than_a_frame_that_was_not_final():
    received = DAY + timedelta(minutes=620)
    own = file("candles", [candle(600, 7, raw_key(620), is_closed=False, received_at=received)])
    for count, closes in ((15, 7), (40, 640), (60, 660)):
        minutes = answer(window(600 + count, count), range(600, 600 + count))
        (row,) = with_derived(own, minutes, "1m", "1h").to_pylist()
        assert int(row["close"]) == closes, count
    assert row["is_closed"]
    final = file("candles", [candle(600, 9, raw_key(661))])
    (row,) = with_derived(final, minutes, "1m", "1h").to_pylist()
    assert (int(row["close"]), row["derived_from"]) == (9, None)


def test_a_sum_that_its_type_cannot_hold_is_null_and_not_a_wrong_number():
    """Five times 9e19: Arrow's sum of these is 1.0972e20."""
    key = window(10, 10, source="binance")
    rows = answer(key, range(5), volume=Decimal(9 * 10**19), trades=1 << 62)
    small = answer(window(20, 10, source="binance"), range(10, 15), volume=Decimal("9e18"), trades=3)
    part = merge(refined()["candles"], nothing("candles"), [rows, small])
    longer = derived(part, "1m", "5m")
    assert longer["volume"].to_pylist() == [None, Decimal("45e18")]
    assert longer["trades"].to_pylist() == [None, 15]


def test_rows_from_before_there_was_coverage_count_as_unknown_where_they_were_derived():
    old = with_derived(nothing("candles"), answer(window(60, 60), range(60)), "1m", "1h")
    for name in ("coverage", "is_complete", "has_gap"):
        column = old.schema.get_field_index(name)
        old = old.set_column(column, old.schema.field(column), pa.nulls(1, old.schema.field(column).type))
    (day,) = derived(old, "1h", "1d").to_pylist()
    assert (day["is_complete"], day["coverage"], day["has_gap"]) == (False, 0, True)


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
