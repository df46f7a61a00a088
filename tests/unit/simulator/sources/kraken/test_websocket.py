"""Kraken's websocket v2: acknowledgements, snapshots, updates, heartbeats and errors."""

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from simulator import sources
from simulator.app import create_app
from simulator.market.market import Market
from simulator.sources.kraken.channels import CandleChannel
from simulator.sources.kraken.pairs import TradedPairs
from simulator.websockets.settings import StreamSettings
from tests.unit.simulator.asgi import NOW, Client
from tests.unit.simulator.server import served
from tests.unit.simulator.sockets import kraken, order

SAMPLES = Path(__file__).parents[4] / "samples" / "kraken"


@pytest.fixture(scope="module")
def url():
    with served(create_app()) as base:
        order(base, rates={"trade": 50, "bookTicker": 20, "kline": 10, "heartbeat": 10})
        yield base


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text(), parse_float=Decimal)


def shape(value):
    """Types and the names of objects in their order; of a list the first element."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return float if isinstance(value, Decimal | float) else type(value)


def of(channel, kind=None):
    return lambda message: message.get("channel") == channel and kind in {None, message["type"]}


def acknowledged(message):
    return "method" in message


def test_a_connection_begins_with_the_status(url):
    with kraken(url) as socket:
        message = socket.receive()
    assert shape(message) == shape(sample("status"))
    assert message["data"][0]["system"] == "online" and list(message) == ["channel", "type", "data"]


@pytest.mark.parametrize("channel", ["ticker", "trade", "ohlc"])
def test_frames_have_the_shape_of_the_samples(url, channel):
    with kraken(url, channel, snapshot=True) as socket:
        answer = socket.receive(acknowledged)
        snapshot, update = (socket.receive(of(channel, kind)) for kind in ("snapshot", "update"))
    expected = sample(f"subscribed_{channel}")
    assert shape(answer) == shape({**expected, "req_id": 7}) and answer["success"] is True
    assert list(answer) == sorted(answer) and answer["req_id"] == 7
    assert answer["result"] == {**expected["result"], "snapshot": True}
    for message, kind in ((snapshot, "snapshot"), (update, "update")):
        assert shape(message) == shape(sample(f"{channel}_{kind}"))
        assert list(message) == list(sample(f"{channel}_{kind}"))
        assert list(message["data"][0]) == list(sample(f"{channel}_{kind}")["data"][0])


def test_a_ticker_lies_within_its_day(url):
    with kraken(url, "ticker", event_trigger="bbo") as socket:
        assert socket.receive(acknowledged)["result"]["event_trigger"] == "bbo"
        row = socket.receive(of("ticker", "update"))["data"][0]
    assert row["low"] <= row["last"] <= row["high"] and row["bid"] < row["ask"]
    assert row["low"] <= row["vwap"] <= row["high"]


def test_trades_go_on_after_their_snapshot_without_a_hole_and_rest_serves_the_same(url):
    with kraken(url, "trade", snapshot=True) as socket:
        snapshot = socket.receive(of("trade", "snapshot"))["data"]
        updates = [socket.receive(of("trade", "update"))["data"][0] for _ in range(20)]
    assert len(snapshot) == 50
    rows = snapshot + updates
    assert all(after["trade_id"] == before["trade_id"] + 1 for before, after in pairwise(rows))
    api = f"{url}{sources.path('kraken')}/public/Trades"
    newest = requests.get(f"{api}?pair=XBTUSD", timeout=5).json()["result"]["XXBTZUSD"]
    by_id = {row[6]: row for row in newest}
    for row in rows:
        price, volume, _, side, kind, _, _ = by_id[row["trade_id"]]
        assert (float(price), float(volume)) == (row["price"], row["qty"])
        assert (side, kind) == (row["side"][0], row["ord_type"][0])


def test_trades_have_no_snapshot_by_default(url):
    with kraken(url, "trade") as socket:
        assert socket.receive(acknowledged)["result"]["snapshot"] is False
        assert socket.receive(of("trade"))["type"] == "update"


def test_each_symbol_is_acknowledged_by_itself_and_a_refused_one_stays_silent(url):
    with kraken(url, "trade", symbols=("BTC/USD", "XBT/USD", "DOGE/USD")) as socket:
        answers = [socket.receive(acknowledged) for _ in range(3)]
    assert [answer["success"] for answer in answers] == [True, False, True]
    assert shape(answers[1]) == shape({**sample("subscribe_refused"), "req_id": 7})
    assert answers[1]["error"] == "Currency pair not supported XBT/USD"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"channel": "book", "symbol": ["BTC/USD"]}, "Subscription name invalid"),
        (
            {"channel": "ohlc", "symbol": ["BTC/USD"], "interval": 7},
            "Subscription ohlc interval not supported",
        ),
        ({"channel": "trade", "symbol": ["XDG/USD"]}, "Currency pair not supported XDG/USD"),
        ({"channel": "trade", "symbol": ["BTCUSD"]}, "Currency pair not in ISO 4217-A3 format BTCUSD"),
        ({"channel": "trade", "symbol": []}, "Symbol(s) not found"),
        (None, "Params field must be an object"),
    ],
)
def test_a_bad_subscription_is_refused(url, request_, error):
    with kraken(url) as socket:
        socket.send({"method": "subscribe", "params": request_})
        answer = socket.receive(acknowledged)
    assert (answer["success"], answer["error"]) == (False, error)


@pytest.mark.parametrize("message", ["{", "[]", '{"method": "add_order"}', "null"])
def test_what_is_no_request_is_answered_with_an_error(url, message):
    with kraken(url) as socket:
        socket.send(message)
        assert socket.receive(lambda answer: "error" in answer)["success"] is False


def test_a_symbol_has_one_interval_of_candles_on_a_connection(url):
    with kraken(url, "ohlc", interval=1) as socket:
        assert socket.receive(acknowledged)["success"] is True
        for interval, error in (
            (5, "Already subscribed to one ohlc interval on this symbol"),
            (1, "Already subscribed"),
        ):
            params = {"channel": "ohlc", "symbol": ["BTC/USD"], "interval": interval}
            socket.send({"method": "subscribe", "params": params})
            assert socket.receive(acknowledged)["error"] == error


def test_unsubscribing_ends_the_frames_and_heartbeats_remain(url):
    with kraken(url, "trade") as socket:
        socket.receive(of("trade"))
        params = {"channel": "trade", "symbol": ["BTC/USD"]}
        socket.send({"method": "unsubscribe", "params": params})
        answer = socket.receive(lambda message: message.get("method") == "unsubscribe")
        assert shape(answer) == shape(sample("unsubscribed_trade"))
        assert {socket.receive()["channel"] for _ in range(3)} == {"heartbeat"}
        socket.send({"method": "unsubscribe", "params": params})
        assert socket.receive(acknowledged)["error"] == "Subscription Not Found"


def test_heartbeats_come_only_while_nothing_else_does(url):
    with kraken(url, "trade") as socket:
        messages = [socket.receive() for _ in range(60)]
    assert sum(message.get("channel") == "heartbeat" for message in messages) <= 2


def test_a_ping_is_answered_with_its_number(url):
    with kraken(url) as socket:
        socket.send({"method": "ping", "req_id": 101})
        answer = socket.receive(acknowledged)
    assert shape(answer) == shape(sample("pong")) and (answer["method"], answer["req_id"]) == ("pong", 101)


def test_only_v2_is_served(url):
    with pytest.raises(InvalidStatus, match="404"), connect(f"{url.replace('http', 'ws')}/kraken-ws"):
        pass


def channel(symbol="BTC/USD", interval=1):
    settings = StreamSettings(Market(1, lambda: NOW))
    traded = TradedPairs(settings.market, settings).find(symbol)
    return CandleChannel("ohlc", traded, settings.cadences["kline"], interval)


def test_the_last_message_of_a_candle_is_what_rest_has():
    candles = channel()
    newest = candles.newest(int(NOW * 1_000_000))
    final = {}
    for index in range(newest - 150, newest + 1):
        for frame in candles.frames(index):
            for row in json.loads(frame, parse_float=str)["data"]:
                final[row["interval_begin"]] = row
    url = f"{sources.path('kraken')}/public/OHLC?pair=XBTUSD&interval=1"
    rest = Client().get(url).json["result"]["XXBTZUSD"]
    assert len(final) >= 5
    for committed, row in zip(rest[-len(final) : -1], list(final.values())[:-1], strict=True):
        assert committed[1:5] == [row[name] for name in ("open", "high", "low", "close")]
        assert (committed[5], committed[6], committed[7]) == (row["vwap"], row["volume"], row["trades"])


def test_minutes_without_a_trade_are_not_sent():
    rows = json.loads(channel("SHIB/USD").snapshot(int(NOW * 1_000_000)))["data"]
    assert 0 < len(rows) < 13 and all(row["trades"] > 0 for row in rows)


def test_numbers_keep_all_places_of_the_pair():
    text = channel().snapshot(int(NOW * 1_000_000))
    rows = json.loads(text, parse_float=str)["data"]
    assert {len(row["close"].partition(".")[2]) for row in rows} == {2}
    assert {len(row["volume"].partition(".")[2]) for row in rows} == {8}
