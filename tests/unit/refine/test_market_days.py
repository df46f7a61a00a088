"""market_days beside DuckDB's reckoning of the same rows."""

from datetime import date
from decimal import Decimal

import pytest

from coinlake.keys import Partition
from refine.tables import market_days
from tests.unit.refine.rows import partition
from tests.unit.refine.world import Lake, buckets, candle, moods, noon, quote, quotes, world

BY_SQL = """
WITH per_source AS (
    SELECT *, CASE WHEN is_complete THEN coalesce(simple_return, change_24h_percent::DOUBLE) END AS change
    FROM asset_days
), voices AS (
    SELECT dt, source, quote, count(change)::INT AS assets,
           coalesce(count_if(change > 0), 0)::INT AS assets_up,
           coalesce(count_if(change < 0), 0)::INT AS assets_down, sum(market_cap) AS total,
           sum(market_cap) FILTER (base = 'BTC') AS btc, sum(market_cap) FILTER (base = 'ETH') AS eth,
           count(market_cap) AS caps, count(*) AS n, count_if(is_complete) / count(*) AS coverage
    FROM per_source GROUP BY dt, source, quote
), moods AS (
    SELECT strftime(observed_at, '%Y-%m-%d') AS dt, value, classification FROM sentiment
)
SELECT dt, source, quote, assets, assets_up, assets_down, total, value, classification,
       CASE WHEN assets > 0 THEN assets_up / assets END,
       btc::DOUBLE / total::DOUBLE, eth::DOUBLE / total::DOUBLE, coverage
FROM voices LEFT JOIN moods USING (dt)
QUALIFY row_number() OVER (PARTITION BY dt ORDER BY caps DESC, n DESC, source, quote) = 1
ORDER BY dt
"""
EXACT = (
    "dt",
    "source",
    "quote",
    "assets",
    "assets_up",
    "assets_down",
    "total_market_cap",
    "sentiment",
    "classification",
)
SHARES = ("breadth", "btc_dominance", "eth_dominance", "coverage")
DAY = date(2026, 3, 5)


def test_every_column_is_what_duckdb_computes_from_the_same_rows():
    lake = Lake()
    lake.take(world(5))
    expected, found = lake.query(BY_SQL), lake.table("market_days").sort_by("dt").to_pylist()
    assert [tuple(row[name] for name in EXACT) for row in found] == [row[:9] for row in expected]
    for row, other in zip(found, expected, strict=True):
        assert tuple(row[name] for name in SHARES) == pytest.approx(other[9:], abs=1e-9), row["dt"]
    assert sum(row["btc_dominance"] is not None for row in found) > 20
    assert len({row["assets_up"] for row in found}) > 1


def test_on_the_first_day_the_change_is_the_one_that_the_source_reports():
    lake = Lake()
    changes = {"BTC": Decimal("1.5"), "ETH": Decimal(-2), "SOL": Decimal(0), "NEW": None}
    rows = [
        quote("coingecko", base, "USD", noon(DAY, hour), 1, change_24h_percent=change)
        for base, change in changes.items()
        for hour in range(24)
    ]
    lake.take([quotes(*rows)])
    (day,) = lake.table("market_days").to_pylist()
    assert (day["assets"], day["assets_up"], day["assets_down"], day["breadth"]) == (
        3,
        1,
        1,
        pytest.approx(1 / 3),
    )
    assert (day["total_market_cap"], day["btc_dominance"]) == (None, None)


def test_the_day_that_still_runs_and_one_with_a_hole_have_no_breadth():
    lake = Lake()
    rows = [
        quote(
            "coingecko", base, "USD", noon(DAY, hour), 1, change_24h_percent=Decimal(3), market_cap=Decimal(5)
        )
        for base, hours in {"BTC": range(24), "ETH": range(15), "SOL": range(3, 24)}.items()
        for hour in hours
    ]
    lake.take([quotes(*rows)])
    (day,) = lake.table("market_days").to_pylist()
    assert (day["assets"], day["assets_up"], day["breadth"]) == (1, 1, 1)
    assert (day["coverage"], day["total_market_cap"]) == (round(1 / 3, 10), 15)
    lake = Lake()
    lake.take([quotes(*(row for row in rows if row["base"] == "ETH"))])
    (day,) = lake.table("market_days").to_pylist()
    assert (day["assets"], day["breadth"], day["coverage"], day["total_market_cap"]) == (0, None, 0, 5)


def test_market_caps_whose_sum_needs_more_than_38_digits_are_null():
    lake = Lake()
    cap = Decimal(9 * 10**19)
    lake.take([quotes(*(quote("x", base, "USD", noon(DAY), 1, market_cap=cap) for base in ("A", "BTC")))])
    (day,) = lake.table("market_days").to_pylist()
    assert (day["total_market_cap"], day["btc_dominance"]) == (None, None)


def test_two_sources_never_count_a_coin_twice_and_tether_is_no_dollar():
    lake = Lake()
    lake.take(
        [
            quotes(
                quote("coingecko", "BTC", "USD", noon(DAY), 1, market_cap=Decimal(60)),
                quote("coingecko", "ETH", "USD", noon(DAY), 1, market_cap=Decimal(40)),
                quote("coincap", "BTC", "USD", noon(DAY), 1, market_cap=Decimal(61)),
                quote("binance", "BTC", "USDT", noon(DAY), 1),
            )
        ]
    )
    (day,) = lake.table("market_days").to_pylist()
    assert (day["source"], day["total_market_cap"], day["btc_dominance"]) == ("coingecko", 100, 0.6)


def test_the_index_of_an_old_day_reaches_its_day_whichever_comes_first():
    traded = buckets("1d", candle("coinbase", "BTC", "USD", noon(DAY, 0), 1))
    other = buckets("1d", candle("coinbase", "BTC", "USD", noon(date(2025, 7, 1), 0), 1))
    mood = moods((DAY, 20), (date(2025, 7, 1), 70))
    for events in ([mood, traded, other], [traded, other, mood]):
        lake = Lake()
        for event in events:
            lake.take([event])
        rows = lake.table("market_days").sort_by("dt").to_pylist()
        assert [(row["dt"], row["sentiment"]) for row in rows] == [("2025-07-01", 70), ("2026-03-05", 20)]


def test_only_the_months_that_changed_are_read():
    changed = frozenset(
        {
            partition("asset_days", "month=2026-11"),
            partition("asset_peaks", "month=2026-11"),
        }
    )
    (part,) = market_days.partitions(changed, lambda _table: [Partition("year=2020")])
    assert market_days.inputs(part, changed) == [
        *(
            part,
            partition("asset_days", "month=2026-11"),
            partition("sentiment", "index=fear_and_greed"),
        )
    ]
