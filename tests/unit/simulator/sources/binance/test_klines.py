"""Binance spot: klines and all errors."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.market import Market
from simulator.market.times import INTERVALS, SECONDS
from simulator.market.venues import BINANCE, DELISTED, Venue
from tests.unit.simulator.asgi import NOW
from tests.unit.simulator.binance_requests import API, CLIENT, get, klines

HOUR = 3_600
NEWEST = int(NOW) // HOUR * HOUR
VENUE = Venue(Market(1, lambda: NOW), BINANCE)


def test_klines_are_oldest_first_and_end_with_the_open_one():
    rows = klines(limit=48)
    assert [row[0] for row in rows] == [(NEWEST - back * HOUR) * 1_000 for back in range(47, -1, -1)]
    assert rows[-1][6] > NOW * 1_000 > rows[-2][6]


def test_a_row_has_twelve_items_of_the_documented_types():
    (row,) = klines(limit=1)
    assert [type(item) for item in row] == [int, *[str] * 5, int, str, int, str, str, str]
    assert row[6] == row[0] + HOUR * 1_000 - 1 and row[11] == "0"
    begin, high, low, end, volume = map(Decimal, row[1:6])
    money, taken = Decimal(row[7]), Decimal(row[9])
    assert low <= min(begin, end) <= max(begin, end) <= high
    assert low <= money / volume <= high and taken < volume
    assert all(len(item.partition(".")[2]) == 8 for item in row[1:6])


def test_coins_that_trade_by_the_million_have_amounts_with_two_places():
    (row,) = klines("SHIBUSDT", limit=1, endTime=NEWEST * 1_000 - 1)
    assert row[5].endswith(".00") and Decimal(row[5]) > 1e6 and row[1].startswith("0.000008")


def test_the_default_is_500_rows_and_the_most_are_1000():
    assert [len(klines(**asked)) for asked in ({}, {"limit": 1_000}, {"limit": 5_000})] == [500, 1_000, 1_000]


def test_with_a_start_the_oldest_rows_come_without_the_newest():
    start = (NEWEST - 5_000 * HOUR) * 1_000
    rows = klines(startTime=start, limit=10)
    assert [row[0] for row in rows] == [start + place * HOUR * 1_000 for place in range(10)]
    assert klines(endTime=rows[-1][0], limit=10) == rows
    assert klines(startTime=start + 1, endTime=rows[-1][0] - 1) == rows[1:-1]
    assert klines(startTime=start * 1_000, limit=10) == rows  # microseconds


def test_paging_by_the_last_opening_meets_every_bucket_once():
    start, seen = (NEWEST - 2_500 * HOUR) * 1_000, []
    while rows := klines(startTime=start, limit=1_000):
        seen += [row[0] // 1_000 for row in rows]
        start = rows[-1][0] + HOUR * 1_000
    wanted = range(NEWEST - 2_500 * HOUR, NEWEST + 1, HOUR)
    assert seen == [hour for hour in wanted if not VENUE.is_down(hour, hour + HOUR)]


def test_before_the_listing_there_is_nothing_and_the_first_row_is_the_listings():
    listed = VENUE.listed_at(VENUE.market.by_id["solana"])
    assert klines("SOLUSDT", endTime=(listed - HOUR) * 1_000) == []
    (first,) = klines("SOLUSDT", startTime=0, limit=1)
    assert first[0] == listed * 1_000
    (day,) = klines("SOLUSDT", "1d", startTime=0, limit=1)
    assert day[0] == listed // 86_400 * 86_400_000


def test_an_outage_has_no_rows_and_an_idle_bucket_has_an_empty_one():
    start, end = VENUE.outages[-1]
    rows = klines(startTime=(start - HOUR) * 1_000, endTime=end * 1_000)
    assert [row[0] // 1_000 for row in rows] == [start - HOUR, end]
    idle = [row for row in klines("SHIBUSDT", "1m", limit=1_000) if row[8] == 0]
    assert len(idle) > 100
    for row in idle:
        assert row[1] == row[2] == row[3] == row[4] and Decimal(row[5]) == Decimal(row[7]) == 0


def test_a_delisted_symbol_keeps_its_history():
    rows = klines("OLDUSDT", "1d", limit=3)
    assert [row[0] // 1_000 for row in rows] == [DELISTED - back * 86_400 for back in (3, 2, 1)]
    assert klines("OLDUSDT", startTime=DELISTED * 1_000) == []


@given(st.sampled_from(["BTCUSDT", "SHIBUSDT"]), st.sampled_from(list(pairwise(SECONDS))), st.data())
def test_a_large_kline_is_its_small_ones_together(symbol, intervals, data):
    small, large = intervals
    size, part = SECONDS[large], SECONDS[small]
    if size % part or large == "1w":
        return
    start = data.draw(st.integers(1_690_000_000, int(NOW) - 2 * size)) // size * size
    span = {"startTime": start * 1_000, "endTime": (start + size) * 1_000 - 1}
    whole, parts = klines(symbol, large, **span), klines(symbol, small, **span)
    assert bool(whole) == bool(parts)
    for row in whole:
        assert (row[1], row[4]) == (parts[0][1], parts[-1][4])
        traded = [part for part in parts if part[8]] or parts
        assert Decimal(row[2]) == max(Decimal(part[2]) for part in traded)
        assert Decimal(row[5]) == sum(Decimal(part[5]) for part in parts)
        assert row[8] == sum(part[8] for part in parts)


def test_weeks_begin_on_monday_and_months_on_the_first():
    weeks, months = (klines(interval=interval, limit=5) for interval in ("1w", "1M"))
    assert {datetime.fromtimestamp(row[0] / 1_000, UTC).weekday() for row in weeks} == {0}
    assert {datetime.fromtimestamp(row[0] / 1_000, UTC).day for row in months} == {1}
    assert months[-2][6] == months[-1][0] - 1


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_is_served(interval):
    rows = klines(interval=interval, limit=3)
    assert len(rows) == 3 and rows[0][6] + 1 == rows[1][0]
    assert get("/uiKlines", symbol="BTCUSDT", interval=interval, limit=3).json == rows


def test_microseconds_on_request():
    asked = {"symbol": "BTCUSDT", "interval": "1h", "limit": 1}
    (row,) = get("/klines", headers={"x_mbx_time_unit": "MICROSECOND"}, **asked).json
    assert row[0] == NEWEST * 1_000_000 and row[6] == (NEWEST + HOUR) * 1_000_000 - 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/klines?interval=1h", -1102),
        ("/klines?symbol=BTCUSDT", -1102),
        ("/klines?symbol=BTCUSDT&interval=1H", -1120),
        ("/klines?symbol=BTCUSDT&interval=10m", -1120),
        ("/klines?symbol=NOPEUSDT&interval=1h", -1121),
        ("/klines?symbol=btcusdt&interval=1h", -1100),
        ("/klines?symbol=BTCUSDT&interval=1h&startTime=-1", -1100),
        ("/klines?symbol=BTCUSDT&interval=1h&endTime=2026-11-20", -1100),
        ("/klines?symbol=BTCUSDT&interval=1h&limit=x", -1100),
        ("/klines?symbol=BTCUSDT&interval=1h&limit=0", -1130),
        ("/klines?symbol=BTCUSDT&interval=1h&start=0", -1104),
        ("/ticker/24hr?symbols=BTCUSDT,ETHUSDT", -1100),
        ("/ticker/24hr?symbols=[]", -1102),
        ("/ticker/24hr?symbols=[%22BTCUSDT%22,%22NOPEUSDT%22]", -1121),
        ("/ticker/24hr?symbol=BTCUSDT&symbols=[%22BTCUSDT%22]", -1128),
        ("/ticker/24hr?symbol=BTCUSDT&type=TINY", -1130),
        ("/exchangeInfo?symbols=[%22BTCUSDT%22,%22NOPEUSDT%22]", -1121),
    ],
)
def test_errors(path, code):
    reply = CLIENT.get(API + path)
    assert (reply.status, reply.json["code"]) == (400, code)
    assert reply.json["msg"].endswith(".")


def test_unknown_paths_are_404():
    assert CLIENT.get("/binance/api/v1/klines").status == 404
