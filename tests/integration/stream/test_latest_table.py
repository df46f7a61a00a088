"""The table of latest prices: which frame may overwrite which row."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import boto3
import pytest

from stream.frames import Price
from stream.latest import LatestTable, LatestWriter
from stream.metrics import Counters
from stream.streams import Stream

NOW = 1_795_132_857  # seconds since 1970
TTL = 86_400
DAY = 86_400


def price_at(event_time, price="100"):
    """A trade's price, of a time in seconds since 1970."""
    return Price(event_time * 1_000_000, price, "BTC-USD", {})


@pytest.fixture
def table(aws):
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="latest",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
    )
    return LatestTable(client, "latest", TTL)


def put(table, event_time, received_at, price="100"):
    return table.put("coinbase", "BTC-USD@match", price_at(event_time, price), received_at * 1_000_000)


def price_of(table):
    row = table.client.get_item(TableName="latest", Key={"stream": {"S": "BTC-USD@match"}}).get("Item")
    return row and row["price"]["N"]


def test_one_frame_from_the_future_does_not_freeze_the_latest_price(table):
    assert put(table, NOW, NOW, "1")
    assert not put(table, NOW + 3650 * DAY, NOW + 1, "2")
    assert put(table, NOW + 2, NOW + 2, "3")
    assert price_of(table) == "3"


@pytest.mark.parametrize(("ahead", "kept"), [(0, True), (300, True), (301, False), (7200, False)])
def test_a_price_may_lie_five_minutes_ahead_and_no_more(table, ahead, kept):
    assert put(table, NOW + ahead, NOW) is kept


def test_a_row_that_was_frozen_in_the_future_is_overwritten(table):
    put(table, NOW + 3650 * DAY, NOW + 3650 * DAY, "2")  # as an earlier version let it in
    assert put(table, NOW, NOW, "3")
    assert price_of(table) == "3"


def test_a_row_that_has_expired_is_overwritten_although_dynamodb_has_not_deleted_it(table):
    assert put(table, NOW + 200, NOW, "1")
    assert not put(table, NOW + 100, NOW + TTL - 1, "2")
    assert put(table, NOW + 100, NOW + TTL, "3")
    assert price_of(table) == "3"


@pytest.mark.parametrize(("age", "kept"), [(TTL, True), (TTL + 1, False), (3 * DAY, False)])
def test_the_last_trade_of_an_idle_market_is_no_latest_price_once_it_is_a_day_old(table, age, kept):
    assert put(table, NOW - age, NOW) is kept


def test_an_older_price_never_overwrites_a_newer_one(table):
    assert put(table, NOW, NOW, "1")
    assert not put(table, NOW - 1, NOW + 5, "2")
    assert not put(table, NOW, NOW + 5, "2")
    assert price_of(table) == "1"


@pytest.mark.parametrize(("age", "lag"), [(2, 2.0), (3 * DAY, 0.0), (-7200, 0.0)])
def test_a_trade_from_before_its_market_was_listened_to_tells_no_lag(table, age, lag):
    moment = datetime.fromtimestamp(NOW - age, UTC).isoformat()
    frame = json.dumps({"type": "match", "product_id": "BTC-USD", "price": "100", "time": moment}).encode()
    trades = Stream(("coinbase", "trades"), "BTC-USD@match", "BTC-USD", 7, frame, NOW * 1_000_000)
    streams = {("coinbase", "BTC-USD@match"): trades}
    writer = LatestWriter(table, streams, Counters(), ThreadPoolExecutor(1), 1.0, lambda *_: None)
    assert writer.lag_seconds() == lag
