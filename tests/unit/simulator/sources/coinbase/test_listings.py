"""Coinbase's listings, ends and outages, as its candles show them."""

from datetime import datetime

from simulator.market.venues import DELISTED
from tests.unit.simulator.asgi import Client

CLIENT = Client()
VENUE = CLIENT.get("/_venues").json["coinbase"]
HOUR = 3_600
DAY = 86_400


def times(product, granularity, start, end):
    """When the candles of [start, end] begin, oldest first."""
    query = f"granularity={granularity}&start={start}&end={end}"
    rows = CLIENT.get(f"/coinbase/products/{product}/candles?{query}").json
    return [row[0] for row in reversed(rows) if row[0] >= start]


def seconds(text):
    return int(datetime.fromisoformat(text).timestamp())


def test_candles_begin_with_the_listing():
    listed = seconds(VENUE["listed"]["SOL-USD"])
    assert times("SOL-USD", HOUR, listed - 20 * HOUR, listed + 2 * HOUR) == [
        listed + hour * HOUR for hour in range(3)
    ]
    day = listed // DAY * DAY
    assert times("SOL-USD", DAY, day - 5 * DAY, day + DAY) == [day, day + DAY]


def test_during_an_outage_no_product_has_candles():
    start, end = map(seconds, VENUE["outages"][-1])
    for product in ("BTC-USD", "ETH-USD"):
        assert times(product, HOUR, start - HOUR, end) == [start - HOUR, end]
        assert times(product, DAY, start // DAY * DAY, start) == [start // DAY * DAY]


def test_a_delisted_product_keeps_the_candles_of_its_time_and_has_none_since():
    assert times("OLD-USD", DAY, DELISTED - 3 * DAY, DELISTED + 3 * DAY) == [
        DELISTED - back * DAY for back in (3, 2, 1)
    ]
    assert CLIENT.get("/coinbase/products/OLD-USD/candles?granularity=3600").json == []
    assert CLIENT.get("/coinbase/products/OLD-USD").json["status"] == "delisted"
