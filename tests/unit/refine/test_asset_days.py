"""asset_days beside DuckDB's own reckoning of the same rows, and in whatever order these come."""

import math
import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from coinlake.keys import Partition
from refine.tables import asset_days
from tests.unit.refine.rows import partition
from tests.unit.refine.world import Lake, buckets, candle, noon, quote, quotes, world

BY_SQL = """
WITH quoted AS (
    SELECT source, base, quote, dt, count(*)::INT AS n,
           arg_min(price, observed_at) AS open, max(price) AS high, min(price) AS low,
           arg_max(price, observed_at) AS close,
           arg_max_null(volume_24h_base, observed_at) AS volume,
           arg_max_null(volume_24h_quote, observed_at) AS quote_volume,
           arg_max_null(market_cap, observed_at) AS market_cap,
           arg_max_null(change_24h_percent, observed_at) AS change_24h_percent,
           count(DISTINCT hour(observed_at)) AS hours, max(hour(observed_at)) AS newest
    FROM quotes WHERE strftime(observed_at, '%Y-%m-%d') = dt GROUP BY ALL
), traded AS (
    SELECT *, strftime(open_time, '%Y-%m-%d') AS dt FROM candles WHERE "interval" = '1d'
), days AS (
    SELECT t.source, t.base, t.quote, t.dt, t.open, t.high, t.low, t.close, t.volume, t.quote_volume,
           q.market_cap, q.change_24h_percent,
           coalesce(derived_from, '1d') AS made_from, coalesce(parts, 1) AS candles, NULL AS quotes,
           t.coverage, t.is_complete, t.has_gap
    FROM traded t LEFT JOIN quoted q USING (source, base, quote, dt)
    UNION ALL
    SELECT source, base, quote, dt, open, high, low, close, volume, quote_volume,
           market_cap, change_24h_percent, 'quotes', NULL, n, hours / 24, hours = 24, hours <= newest
    FROM quoted ANTI JOIN traded USING (source, base, quote, dt)
), returns AS (
    SELECT d.*, d.close::DOUBLE / b.close::DOUBLE - 1 AS simple_return,
           ln(d.close::DOUBLE / b.close::DOUBLE) AS log_return
    FROM days d LEFT JOIN days b ON b.source = d.source AND b.base = d.base AND b.quote = d.quote
         AND b.dt::DATE = d.dt::DATE - 1 AND b.is_complete AND d.is_complete
), windows AS (
    SELECT *, count(log_return) OVER month AS n, stddev_samp(log_return) OVER month AS deviation,
           max(close) FILTER (is_complete) OVER ever AS peak
    FROM returns
    WINDOW month AS (PARTITION BY source, base, quote ORDER BY dt::DATE
                     RANGE BETWEEN INTERVAL 29 DAYS PRECEDING AND CURRENT ROW),
           ever AS (PARTITION BY source, base, quote ORDER BY dt ROWS UNBOUNDED PRECEDING)
)
SELECT source, base, quote, dt, open, high, low, close, volume, quote_volume, market_cap,
       change_24h_percent, made_from, candles, quotes, peak,
       is_complete, has_gap, coverage, simple_return, log_return,
       CASE WHEN n >= 20 THEN deviation * sqrt(365) END AS volatility_30d,
       CASE WHEN is_complete THEN close::DOUBLE / peak::DOUBLE - 1 END AS drawdown
FROM windows ORDER BY source, base, quote, dt
"""
EXACT = 18  # columns; what follows is float64


def ours(lake: Lake) -> list[tuple]:
    names = [
        *("source", "base", "quote", "dt", "open", "high", "low", "close", "volume", "quote_volume"),
        *("market_cap", "change_24h_percent", "made_from", "candles", "quotes", "peak"),
        *("is_complete", "has_gap", "coverage", "simple_return", "log_return", "volatility_30d", "drawdown"),
    ]
    rows = lake.table("asset_days").sort_by([(name, "ascending") for name in names[:4]])
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


@pytest.fixture(scope="module")
def lake() -> Lake:
    lake = Lake()
    lake.take(world(1))
    return lake


def test_every_column_is_what_duckdb_computes_from_the_same_rows(lake):
    expected, found = lake.query(BY_SQL), ours(lake)
    assert [row[:EXACT] for row in found] == [row[:EXACT] for row in expected]
    for row, other in zip(found, expected, strict=True):
        assert row[EXACT:] == pytest.approx(other[EXACT:], abs=2e-9), row[:4]
    for column in range(len(found[0])):  # nothing of this was a comparison of nulls alone
        assert sum(row[column] is not None for row in found) > 30, column


def test_volatility_is_what_pandas_computes_over_calendar_days(lake):
    frame = lake.table("asset_days").to_pandas()
    frame["day"] = pd.to_datetime(frame["dt"])
    checked = 0
    for _, market in frame.groupby(["source", "base", "quote"]):
        logs = market.set_index("day")["log_return"].sort_index().asfreq("D")
        expected = logs.rolling(30, min_periods=20).std(ddof=1) * np.sqrt(365)
        volatility = market.set_index("day")["volatility_30d"].sort_index()
        np.testing.assert_allclose(volatility, expected.reindex(volatility.index), atol=2e-9)
        checked += volatility.notna().sum()
    assert checked > 50


@pytest.mark.parametrize(("seed", "batches"), [(1, 8), (2, 3)])
def test_any_order_and_any_batches_end_in_equal_bytes(seed: int, batches: int):
    events = world(seed)[:: 3 + seed]
    whole, lake = Lake(), Lake()
    whole.take(events)
    random.Random(seed).shuffle(events)
    for batch in range(batches):
        lake.take(events[batch::batches])
    assert lake.derived() == whole.derived()
    assert len(whole.derived()) > 8


def test_a_late_older_month_reaches_every_later_one():
    days = {month: noon(date(2026, month, 10)) for month in (1, 2, 5)}
    lake = Lake((asset_days,))
    for month, price in ((2, 50), (5, 80)):
        lake.take([buckets("1d", candle("coinbase", "BTC", "USD", days[month], price))])
    assert lake.table("asset_days")["drawdown"].to_pylist() == [0, 0]
    lake.take([buckets("1d", candle("coinbase", "BTC", "USD", days[1], 100))])
    assert lake.table("asset_days")["drawdown"].to_pylist() == [0, -0.5, -0.2]
    assert lake.table("asset_peaks").to_pylist()[-1] == {
        **{"source": "coinbase", "base": "BTC", "quote": "USD", "peak": Decimal(100)},
        **{"peak_dt": "2026-01-10", "month": "2026-05"},
    }


def test_what_a_crash_left_undone_is_done_when_the_message_comes_again():
    lake = Lake((asset_days,))
    day = noon(date(2026, 1, 10))
    later = [candle("coinbase", "BTC", "USD", noon(date(2026, month, 1)), 50) for month in (2, 3)]
    lake.take([buckets("1d", one) for one in later])
    before = dict(lake.bodies)
    lake.take([event := buckets("1d", candle("coinbase", "BTC", "USD", day, 100))])
    whole = dict(lake.bodies)
    done = {
        partition(table, f"month=2026-0{month}")
        for table in ("asset_days", "asset_peaks")
        for month in (1, 2)
    }
    march = {part: body for part, body in before.items() if part not in done}
    lake.bodies = {part: body for part, body in whole.items() if part in done | {event[0]}} | march
    assert lake.bodies != whole
    lake.take([event])
    assert lake.bodies == whole


def test_a_day_of_the_newest_month_reads_no_more_after_years_than_after_months():
    def reads(months: int) -> int:
        lake = Lake((asset_days,))
        opened = [noon(date(2026 - number // 12, 12 - number % 12, 5)) for number in range(months)]
        lake.take([buckets("1d", candle("coinbase", "BTC", "USD", day, 7)) for day in opened])
        lake.reads.clear()
        lake.take([quotes(quote("coingecko", "BTC", "USD", noon(date(2026, 12, 6)), 8))])
        return len(lake.reads)

    assert reads(24) == reads(3)


def test_a_return_over_a_missing_day_is_null_and_volatility_needs_twenty():
    start = date(2026, 3, 1)
    days = [start + timedelta(days=number) for number in range(25) if number != 3]
    lake = Lake((asset_days,))
    rows = [candle("coinbase", "BTC", "USD", noon(day, 0), 100 + index % 2) for index, day in enumerate(days)]
    lake.take([buckets("1d", *rows)])
    found = lake.table("asset_days").to_pylist()
    by_day = {row["dt"]: row for row in found}
    assert by_day["2026-03-01"]["simple_return"] is None
    assert by_day["2026-03-05"]["simple_return"] is None
    assert by_day["2026-03-06"]["log_return"] == pytest.approx(math.log(100 / 101), abs=1e-9)
    known = [row["log_return"] is not None for row in found]
    counts = [sum(known[: at + 1]) for at in range(len(known))]
    assert [row["volatility_30d"] is None for row in found] == [count < 20 for count in counts]
    assert max(counts) > 20


def test_a_day_is_made_of_its_candle_and_has_the_quotes_market_cap_in_either_order():
    day = date(2026, 3, 5)
    seen = quotes(quote("coindesk", "BTC", "USD", noon(day), 7, market_cap=Decimal(70)))
    traded = buckets("1d", candle("coindesk", "BTC", "USD", noon(day, 0), 9))
    for events in ([seen, traded], [traded, seen]):
        lake = Lake((asset_days,))
        for event in events:
            lake.take([event])
        (row,) = lake.table("asset_days").to_pylist()
        assert (row["close"], row["market_cap"], row["made_from"]) == (9, 70, "1d")
        assert (row["candles"], row["quotes"]) == (1, None)


def test_a_quote_observed_the_day_before_belongs_to_no_day():
    lake = Lake((asset_days,))
    late = quote("coingecko", "BTC", "USD", noon(date(2026, 3, 4), 23, 58), 5)
    lake.take(
        [
            (
                partition("quotes", "dt=2026-03-05"),
                [late, quote("coingecko", "BTC", "USD", noon(date(2026, 3, 5)), 7)],
            )
        ]
    )
    assert lake.table("asset_days")["open"].to_pylist() == [7]


def test_peaks_are_exact_where_prices_are_equal_as_floats():
    tiny = [Decimal("1.000000000000000001"), Decimal("1.000000000000000002"), Decimal(1)]
    lake = Lake((asset_days,))
    lake.take(
        [
            buckets(
                "1d",
                *(
                    candle("x", "B", "USD", noon(date(2026, 3, 1 + at), 0), price)
                    for at, price in enumerate(tiny)
                ),
            )
        ]
    )
    assert lake.table("asset_days")["peak"].to_pylist() == [tiny[0], tiny[1], tiny[1]]
    assert lake.table("asset_peaks")["peak_dt"].to_pylist() == ["2026-03-02"]


def test_a_price_of_zero_stops_nothing():
    lake = Lake()
    rows = [
        candle("x", "B", "USD", noon(date(2026, 3, day), 0), price) for day, price in ((1, 0), (2, 5), (3, 0))
    ]
    lake.take([buckets("1d", *rows)])
    found = [(row["log_return"], row["drawdown"]) for row in lake.table("asset_days").to_pylist()]
    assert found == [(None, None), (None, 0), (None, -1)]


def test_drawdown_is_never_above_zero_and_peaks_never_fall(lake):
    rows = lake.table("asset_days").sort_by(
        [(name, "ascending") for name in ("source", "base", "quote", "dt")]
    )
    assert pc.max(rows["drawdown"]).as_py() == 0
    found = rows.to_pylist()
    for row, after in pairwise(found):
        if (row["source"], row["base"], row["quote"]) == (after["source"], after["base"], after["quote"]):
            assert row["peak"] is None or after["peak"] >= row["peak"]


def test_months_without_anything_carry_the_peaks_across():
    changed = frozenset({partition("quotes", "dt=2026-05-02")})
    months = asset_days.partitions(
        changed, lambda table: [Partition("month=2026-02")] if table == "asset_peaks" else []
    )
    assert [part.partition[-2:] for part in months] == ["03", "03", "04", "04", "05", "05"]


def test_a_price_that_halves_in_hours_that_are_missing_makes_no_return_of_nothing():
    """The day lacks its last nine hours: neither its own return nor that of the day after is a number."""
    lake = Lake()
    days = [date(2026, 3, day) for day in (4, 5, 6, 7)]
    rows = [
        candle("coinbase", "BTC", "USD", noon(day, hour), 100 if day <= days[1] else 50)
        for day in days
        for hour in range(15 if day == days[1] else 24)
    ]
    lake.take([buckets("1h", *rows)])
    found = lake.table("asset_days").sort_by("dt").to_pylist()
    assert [row["simple_return"] for row in found] == [None, None, None, 0]
    assert [row["is_complete"] for row in found] == [True, False, True, True]
    assert [row["coverage"] for row in found] == [1, 0.625, 1, 1]
    assert [row["drawdown"] for row in found] == [0, None, -0.5, -0.5]


def test_a_day_with_a_hole_is_no_peak():
    lake = Lake()
    first, second = date(2026, 3, 4), date(2026, 3, 5)
    prices = {first: 100, second: 900}
    rows = [
        candle("coinbase", "BTC", "USD", noon(day, hour), prices[day])
        for day in prices
        for hour in range(12 if day == second else 24)
    ]
    lake.take([buckets("1h", *rows)])
    assert [row["peak"] for row in lake.table("asset_days").sort_by("dt").to_pylist()] == [100, 100]
    assert lake.table("asset_peaks")["peak"].to_pylist() == [100]


def test_before_the_first_complete_day_there_is_no_peak():
    lake = Lake()
    day = date(2026, 3, 4)
    lake.take([buckets("1h", *(candle("x", "B", "USD", noon(day, hour), 1) for hour in range(8, 20)))])
    (row,) = lake.table("asset_days").to_pylist()
    assert (row["peak"], row["drawdown"], row["has_gap"], row["coverage"]) == (None, None, True, 0.5)
    assert lake.table("asset_peaks").num_rows == 0


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (range(24), (1, True, False)),
        (range(10), (round(10 / 24, 10), False, False)),
        ((0, 1, 3), (0.125, False, True)),
        ((23,), (round(1 / 24, 10), False, True)),
    ],
)
def test_a_day_made_of_quotes_is_known_where_its_hours_have_one(hours, told):
    lake = Lake((asset_days,))
    seen = [quote("coingecko", "BTC", "USD", noon(date(2026, 3, 4), hour, 7), 1) for hour in hours]
    lake.take([quotes(*seen, *(row | {"base": "ETH"} for row in seen))])
    for row in lake.table("asset_days").to_pylist():
        assert (row["coverage"], row["is_complete"], row["has_gap"]) == told
