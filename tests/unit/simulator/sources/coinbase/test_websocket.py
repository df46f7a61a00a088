"""Coinbase's websocket feed: channels, subscriptions, errors."""

from itertools import pairwise

import pytest
import requests

from simulator.app import create_app
from tests.unit.simulator.server import served
from tests.unit.simulator.sockets import coinbase, order


@pytest.fixture(scope="module")
def url():
    with served(create_app()) as base:
        order(base, rates={"trade": 100, "heartbeat": 10}, limits={"subscribe_seconds": 0.3})
        yield base


def kind(name):
    return lambda message: message["type"] == name


def test_a_subscription_is_confirmed_and_begins_with_the_last_trade(url):
    with coinbase(url, "matches", "ticker") as socket:
        reply = socket.receive()
        assert reply["type"] == "subscriptions"
        assert {entry["name"]: entry["product_ids"] for entry in reply["channels"]} == {
            "matches": ["BTC-USD"],
            "ticker": ["BTC-USD"],
        }
        assert {socket.receive()["type"], socket.receive()["type"]} == {"last_match", "ticker"}
        match, ticker = socket.receive(kind("match")), socket.receive(kind("ticker"))
    assert match["product_id"] == "BTC-USD" and match["time"].endswith("Z")
    assert float(ticker["best_bid"]) <= float(ticker["price"]) <= float(ticker["best_ask"])
    assert float(ticker["low_24h"]) <= float(ticker["open_24h"]) <= float(ticker["high_24h"])


def test_matches_have_no_hole_and_rest_serves_the_same(url):
    with coinbase(url, "matches") as socket:
        matches = [socket.receive(lambda message: "trade_id" in message) for _ in range(30)]
    assert all(after["trade_id"] == before["trade_id"] + 1 for before, after in pairwise(matches))
    query = f"after={matches[-1]['trade_id'] + 1}&limit=30"
    rows = requests.get(f"{url}/coinbase/products/BTC-USD/trades?{query}", timeout=5).json()
    names = ("trade_id", "side", "size", "price", "time")
    assert rows[::-1] == [{name: match[name] for name in names} for match in matches]


def test_heartbeats_name_the_last_trade_and_stop_with_the_subscription(url):
    with coinbase(url, "heartbeat", products=["ETH-USD"]) as socket:
        beats = [socket.receive(kind("heartbeat")) for _ in range(3)]
        assert beats[0]["last_trade_id"] <= beats[-1]["last_trade_id"]
        socket.send({"type": "unsubscribe", "channels": ["heartbeat"]})
        assert socket.receive(kind("subscriptions"))["channels"] == []
        with pytest.raises(TimeoutError):
            socket.connection.recv(0.3)


def subscription(channel, *products):
    return {"type": "subscribe", "product_ids": products, "channels": [channel]}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{", "Malformed JSON"),
        ({"type": "dance"}, "Type has to be either subscribe or unsubscribe"),
        (subscription("dance", "BTC-USD"), "dance is not a valid channel"),
        (subscription("ticker", "NO-USD"), "NO-USD is not a valid product"),
        (subscription("ticker", "OLD-USD"), "OLD-USD is delisted"),
        (subscription("ticker"), "No channels or product ids were provided"),
    ],
)
def test_wrong_subscriptions_are_answered_with_a_reason(url, message, reason):
    with coinbase(url) as socket:
        socket.send(message)
        answer = socket.receive()
    assert (answer["type"], answer["reason"]) == ("error", reason)


def test_a_socket_without_a_subscription_is_closed(url):
    with coinbase(url) as socket:
        assert socket.end()[0] == 1008
