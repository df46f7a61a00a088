"""Coinbase Exchange: candles with their order, window, gaps and numbers; tickers, stats, products."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.sources.coinbase.candles import GRANULARITIES
from tests.unit.simulator.asgi import NOW, Client

CLIENT = Client()
HOUR = 3_600
NEWEST_HOUR = int(NOW) // HOUR * HOUR


def candles(product="BTC-USD", client=CLIENT, **parameters):
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return client.get(f"/coinbase/products/{product}/candles?{query}")


def window(product, granularity, start, end):
    rows = candles(product, granularity=granularity, start=start, end=end).json
    return [row for row in rows if row[0] >= start]


def test_candles_are_newest_first_and_low_before_high():
    rows = candles(granularity=HOUR).json
    times = [row[0] for row in rows]
    assert times == sorted(times, reverse=True)
    for _, low, high, begin, end, volume in rows:
        assert low <= min(begin, end) <= max(begin, end) <= high
        assert volume > 0


def test_without_both_ends_the_newest_350_buckets_come():
    whole = candles(granularity=HOUR).json
    assert len(whole) == 350
    assert whole[0][0] == NEWEST_HOUR
    assert candles(granularity=HOUR, start=NEWEST_HOUR - 10 * HOUR).json == whole
    assert candles(granularity=HOUR, end=NEWEST_HOUR).json == whole


def test_both_aligned_ends_are_included():
    rows = window("BTC-USD", HOUR, NEWEST_HOUR - 10 * HOUR, NEWEST_HOUR - HOUR)
    assert [row[0] for row in rows] == [NEWEST_HOUR - back * HOUR for back in range(1, 11)]


def test_ends_may_be_iso_times():
    seconds = candles(granularity=HOUR, start=NEWEST_HOUR - 10 * HOUR, end=NEWEST_HOUR).json
    start, end = (
        datetime.fromtimestamp(NEWEST_HOUR - back * HOUR, UTC).isoformat().replace("+00:00", "Z")
        for back in (10, 0)
    )
    assert candles(granularity=HOUR, start=start, end=end).json == seconds
    assert candles(granularity=HOUR, start=start[:-1], end=end[:-1]).json == seconds


def test_300_intervals_are_the_most():
    end = NEWEST_HOUR - HOUR
    assert len(window("BTC-USD", HOUR, end - 299 * HOUR, end)) == 300
    assert candles(granularity=HOUR, start=end - 300 * HOUR, end=end).status == 200
    reply = candles(granularity=HOUR, start=end - 301 * HOUR, end=end)
    assert reply.status == 400
    assert reply.json["message"].endswith("Count of aggregations requested exceeds 300")


def test_the_newest_bucket_is_in_progress_and_fills():
    client = Client()
    early = candles(client=client, granularity=HOUR).json[0]
    client.clock[0] += 600
    later = candles(client=client, granularity=HOUR).json[0]
    assert early[0] == later[0] == NEWEST_HOUR
    assert early[3] == later[3]
    assert later[1] <= early[1] and early[2] <= later[2] and early[5] < later[5]
    client.clock[0] = NEWEST_HOUR + 3 * HOUR
    closed = candles(client=client, granularity=HOUR, start=NEWEST_HOUR, end=NEWEST_HOUR + HOUR).json
    assert next(row for row in closed if row[0] == NEWEST_HOUR)[5] > later[5]


def test_a_closed_window_reads_the_same_for_ever():
    client = Client()
    asked = {"granularity": HOUR, "start": NEWEST_HOUR - 24 * HOUR, "end": NEWEST_HOUR - HOUR}
    first = candles(client=client, **asked).body
    client.clock[0] += 90_000
    assert candles(client=client, **asked).body == first


def test_a_thin_market_has_gaps_by_the_minute():
    minute = int(NOW) // 60 * 60
    rows = window("SHIB-USD", 60, minute - 200 * 60, minute - 60)
    assert 20 < len(rows) < 190
    assert len(window("BTC-USD", 60, minute - 200 * 60, minute - 60)) == 200


def test_now_and_then_rows_before_start_come_along_the_same_on_a_retry():
    early = 0
    for back in range(40):
        start = NEWEST_HOUR - (back + 20) * HOUR
        asked = {"granularity": HOUR, "start": start, "end": start + 10 * HOUR}
        rows = candles(**asked).json
        assert candles(**asked).json == rows
        early += any(row[0] < start for row in rows)
    assert 1 <= early <= 15


@given(
    st.sampled_from(["BTC-USD", "SHIB-USD"]),
    st.sampled_from(list(pairwise(GRANULARITIES))),
    st.integers(min_value=1_500_000_000, max_value=int(NOW) - 200_000),
)
def test_a_large_candle_is_its_small_ones_together(product, sizes, moment):
    large, small = sizes
    start = moment // large * large
    whole = window(product, large, start, start)
    parts = window(product, small, start, start + large - small)
    assert bool(whole) == bool(parts)
    if whole:
        ((_, low, high, begin, end, volume),) = whole
        assert (begin, end) == (parts[-1][3], parts[0][4])
        assert (low, high) == (min(row[1] for row in parts), max(row[2] for row in parts))
        assert Decimal(str(volume)) == pytest.approx(
            sum(Decimal(str(row[5])) for row in parts), rel=Decimal("1e-12")
        )


def test_numbers_are_ints_and_floats_and_exponents_as_in_life():
    text = candles("SHIB-USD", granularity=HOUR).text
    assert re.search(r"\[\d{10},8\.\d+e-06,", text)
    volumes = [row[5] for row in candles("SHIB-USD", granularity=60).json]
    assert {type(volume) for volume in volumes} == {int, float}
    assert {type(price) for price in candles(granularity=HOUR).json[0][1:5]} == {float}


def test_before_the_listing_there_is_nothing():
    assert candles(granularity=86_400, start="2010-01-01T00:00:00Z", end="2010-01-05T00:00:00Z").json == []
    assert candles("OLD-USD", granularity=86_400).json == []


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/products/NOPE-USD/candles", 404, "NotFound"),
        ("/products/btc-usd/ticker", 404, "NotFound"),
        ("/products/TRX-USD", 404, "NotFound"),
        ("/products/OLD-USD/ticker", 400, "Not allowed for delisted products"),
        ("/products/OLD-USD/stats", 400, "Not allowed for delisted products"),
        ("/nothing", 404, "NotFound"),
        ("/products/BTC-USD/candles?granularity=120", 400, "Unsupported granularity"),
        ("/products/BTC-USD/candles?granularity=5", 400, "Unsupported granularity"),
        ("/products/BTC-USD/candles?granularity=x", 400, "Unsupported granularity"),
        ("/products/BTC-USD/candles?granularity=60&start=x&end=y", 400, "Invalid start or end"),
        ("/products/BTC-USD/candles?granularity=60&start=nan&end=nan", 400, "start must be before end"),
        ("/products/BTC-USD/candles?granularity=60&start=200&end=100", 400, "start must be before end"),
    ],
)
def test_errors(path, status, message):
    reply = CLIENT.get(f"/coinbase{path}")
    assert (reply.status, reply.json) == (status, {"message": message})


def test_a_ticker_is_the_last_trade_in_strings():
    body = CLIENT.get("/coinbase/products/BTC-USD/ticker").json
    assert list(body) == ["ask", "bid", "volume", "trade_id", "price", "size", "time"]
    assert re.fullmatch(r"2026-11-20T00:00:\d\d\.\d{9}Z", body["time"])
    assert isinstance(body["trade_id"], int)
    assert Decimal(body["ask"]) - Decimal(body["bid"]) == Decimal("0.01")
    assert Decimal(body["bid"]) <= Decimal(body["price"]) <= Decimal(body["ask"])
    assert Decimal(body["size"]) > 0


def test_ticker_candle_and_stats_agree():
    price = Decimal(CLIENT.get("/coinbase/products/BTC-USD/ticker").json["price"])
    stats = CLIENT.get("/coinbase/products/BTC-USD/stats").json
    assert list(stats) == ["open", "high", "low", "last", "volume", "volume_30day"]
    assert price == Decimal(stats["last"]) == Decimal(str(candles(granularity=HOUR).json[0][4]))
    assert Decimal(stats["low"]) <= price <= Decimal(stats["high"])
    assert Decimal(stats["volume_30day"]) > 10 * Decimal(stats["volume"])


def test_products_include_what_cannot_be_traded_and_an_id_that_hides_its_base():
    products = {product["id"]: product for product in CLIENT.get("/coinbase/products").json}
    assert len(products) > 30
    assert products["BTC-USD"]["quote_increment"] == "0.01"
    assert products["SHIB-USD"]["base_increment"] == "1"
    assert products["OLD-USD"]["trading_disabled"] and products["OLD-USD"]["status"] == "delisted"
    assert products["BTCAUCTION-USD"]["base_currency"] == "BTC"
    assert CLIENT.get("/coinbase/products/ETH-USD").json == products["ETH-USD"]


def test_currencies_are_the_bases_and_the_dollar():
    names = [currency["id"] for currency in CLIENT.get("/coinbase/currencies").json]
    assert {"BTC", "SHIB", "USD"} <= set(names)
    assert len(names) == len(set(names))


def test_the_time_comes_in_both_forms():
    assert CLIENT.get("/coinbase/time").json == {"iso": "2026-11-20T00:00:57.504Z", "epoch": NOW}
