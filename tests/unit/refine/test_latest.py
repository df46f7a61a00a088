"""latest beside DuckDB and plain Python over all rows that there ever were."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine.tables import latest
from tests.examples import examples
from tests.unit.refine.rows import partition
from tests.unit.refine.world import Lake, buckets, candle, noon, quote, quotes, world

NEWEST = """
WITH seen AS (
    SELECT source, base, quote, observed_at, price, 99 AS merit, 'quotes' AS made_from, received_at, raw_key,
           market_cap, rank FROM quotes
    UNION ALL
    SELECT source, base, quote,
           open_time + CASE "interval" WHEN '1h' THEN INTERVAL 1 HOUR ELSE INTERVAL 1 DAY END,
           close, CASE "interval" WHEN '1h' THEN 2 ELSE 1 END, "interval", received_at, raw_key, NULL, NULL
    FROM candles WHERE is_closed AND derived_from IS NULL
)
SELECT source, base, quote, observed_at, price, made_from, received_at, market_cap, rank,
       floor(epoch(received_at) - epoch(observed_at))::BIGINT AS age
FROM seen
QUALIFY row_number() OVER (PARTITION BY source, base, quote
                           ORDER BY observed_at DESC, merit DESC, received_at DESC, raw_key DESC) = 1
ORDER BY source, base, quote
"""
NAMES = ("source", "base", "quote", "observed_at", "price", "made_from", "received_at", "market_cap", "rank")
DAY = date(2026, 3, 1)
HOUR = timedelta(hours=1)


def hours(start: int, end: int, price: int = 100, skip: tuple[int, ...] = (), **more: Any) -> list:
    """Hourly candles from so many hours after midnight of the day; the price grows by one an hour."""
    rows = [
        candle("coinbase", "BTC", "USD", noon(DAY, 0) + HOUR * number, price + number, **more)
        for number in range(start, end)
        if number not in skip
    ]
    months = sorted({f"{row['open_time']:%Y-%m}" for row in rows})
    return [buckets("1h", *(row for row in rows if f"{row['open_time']:%Y-%m}" == month)) for month in months]


def test_each_market_has_the_newest_row_that_duckdb_finds():
    lake = Lake((latest,))
    events = world(6)
    random.Random(6).shuffle(events)
    for start in range(0, len(events), 100):
        lake.take(events[start : start + 100])
    rows = lake.table("latest").sort_by([(name, "ascending") for name in NAMES[:3]]).to_pylist()
    assert [(*(row[name] for name in NAMES), row["age_seconds"]) for row in rows] == lake.query(NEWEST)
    assert len(rows) == 6


def test_a_candles_day_change_follows_from_the_hours_before_across_months():
    lake = Lake((latest,))
    lake.take(hours(-40, 3))
    (row,) = lake.table("latest").to_pylist()
    # Closed at 03:00 with 102; the hour that ended 24 hours before closed with 78.
    assert row["change_24h_percent"] == pytest.approx((102 / 78 - 1) * 100)
    assert (row["volume_24h_base"], row["volume_24h_quote"]) == (Decimal("1.5") * 24, 72)
    assert (row["made_from"], row["observed_at"]) == ("1h", noon(DAY, 3))


def answered(start: int, end: int) -> dict:
    """What an answer about all hours from one to the other says around each of them."""
    return {"answered_from": noon(DAY, 0) + HOUR * start, "answered_until": noon(DAY, 0) + HOUR * end}


@pytest.mark.parametrize(("skip", "then"), [((-22,), 77), ((-22, -23), 76), ((-22, -23, -24), None)])
def test_an_hour_that_is_known_to_be_idle_is_bridged_for_three_hours(skip, then):
    lake = Lake((latest,))
    lake.take(hours(-40, 3, skip=skip, **answered(-40, 3)))
    (row,) = lake.table("latest").to_pylist()
    assert row["change_24h_percent"] == (then and pytest.approx((102 / then - 1) * 100))
    assert row["volume_24h_base"] == Decimal("1.5") * 24


@pytest.mark.parametrize("skip", [(-22,), (-22, -23)])
def test_over_an_hour_of_which_nothing_is_known_there_is_no_change(skip):
    lake = Lake((latest,))
    lake.take(hours(-40, 3, skip=skip))
    (row,) = lake.table("latest").to_pylist()
    assert row["change_24h_percent"] is None


def test_twelve_of_24_hours_make_no_volume_of_a_day():
    lake = Lake((latest,))
    lake.take(hours(-40, 3, skip=tuple(range(-20, -8))))
    (row,) = lake.table("latest").to_pylist()
    assert (row["volume_24h_base"], row["volume_24h_quote"]) == (None, None)
    assert row["change_24h_percent"] == pytest.approx((102 / 78 - 1) * 100)


def test_hours_that_are_known_to_be_idle_add_nothing_to_the_volume_of_a_day():
    lake = Lake((latest,))
    lake.take(hours(-40, 3, skip=tuple(range(-20, -8)), **answered(-40, 3)))
    (row,) = lake.table("latest").to_pylist()
    assert (row["volume_24h_base"], row["volume_24h_quote"]) == (Decimal("1.5") * 12, 36)


def test_a_volume_of_24_hours_that_needs_more_than_38_digits_is_null():
    lake = Lake((latest,))
    lake.take(hours(-40, 3, volume=Decimal(9 * 10**19)))
    (row,) = lake.table("latest").to_pylist()
    assert (row["volume_24h_base"], row["volume_24h_quote"]) == (None, 72)


def test_hours_that_come_late_give_the_change_after_all():
    whole, lake = Lake((latest,)), Lake((latest,))
    whole.take(hours(-40, 3))
    for events in (hours(0, 3), hours(-10, 0), hours(-40, -10)):
        lake.take(events)
    assert lake.bodies == whole.bodies


def test_what_the_source_says_of_the_day_stays_as_it_is():
    lake = Lake((latest,))
    reported = {"change_24h_percent": Decimal("-0.97"), "volume_24h_quote": Decimal(5), "rank": 1}
    lake.take([quotes(quote("coingecko", "BTC", "USD", noon(DAY), 9, **reported)), *hours(-40, 3)])
    row = next(row for row in lake.table("latest").to_pylist() if row["source"] == "coingecko")
    assert (row["change_24h_percent"], row["volume_24h_quote"], row["rank"]) == (-0.97, 5, 1)


def test_an_older_quote_and_the_same_one_again_change_nothing():
    lake = Lake((latest,))
    lake.take([new := quotes(quote("coingecko", "BTC", "USD", noon(DAY), 9))])
    before = lake.bodies[partition("latest")]
    lake.take([quotes(quote("coingecko", "BTC", "USD", noon(date(2026, 2, 1)), 5))])
    lake.take([new])
    assert lake.bodies[partition("latest")] == before


@settings(max_examples=examples(30))
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 9)),
        min_size=1,
        max_size=8,
        unique_by=lambda one: one[:2],
    ),
    st.randoms(use_true_random=False),
)
def test_a_coin_whose_price_rests_for_days_ends_the_same_in_any_order(reported, chance):
    """The same observation lies in the parts of several days; the one received last tells it."""
    events = [
        (
            partition("quotes", f"dt={DAY + timedelta(days=due)}"),
            [
                quote(
                    *("coingecko", "BTC", "USD", noon(DAY, seen), price),
                    received_at=noon(DAY + timedelta(days=due), seen),
                    raw_key=f"raw/{due}-{seen}",
                )
            ],
        )
        for due, seen, price in reported
    ]
    whole, lake = Lake((latest,)), Lake((latest,))
    whole.take(events)
    chance.shuffle(events)
    for event in events:
        lake.take([event])
    assert lake.derived() == whole.derived()
    newest = max(reported, key=lambda one: (one[1], one[0]))
    assert lake.table("latest")["price"].to_pylist() == [newest[2]]


def test_a_revision_of_the_newest_price_is_taken():
    lake = Lake((latest,))
    for price in (9, 8):
        lake.take([quotes(quote("coingecko", "BTC", "USD", noon(DAY), price))])
    assert lake.table("latest")["price"].to_pylist() == [8]


def test_only_the_hours_around_what_changed_are_read():
    changed = frozenset(
        {
            partition("quotes", "dt=2026-11-21"),
            partition("candles", "interval=1m/month=2026-11"),
        }
    )
    assert latest.inputs(partition("latest"), changed) == [
        partition("latest"),
        partition("candles", "interval=1h/month=2026-10"),
        partition("candles", "interval=1h/month=2026-11"),
        partition("candles", "interval=1h/month=2026-12"),
        partition("candles", "interval=1m/month=2026-11"),
        partition("quotes", "dt=2026-11-21"),
    ]
