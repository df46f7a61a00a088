"""Binance's websocket: streams, commands, limits."""

import json
import time
from itertools import pairwise

import pytest
import requests
from websockets.exceptions import InvalidStatus

from simulator.app import create_app
from simulator.sources.binance.streams import well_formed
from tests.unit.simulator.server import served
from tests.unit.simulator.sockets import binance, order

STREAMS = "btcusdt@trade/btcusdt@bookTicker/btcusdt@miniTicker/btcusdt@kline_1m/!miniTicker@arr"


@pytest.fixture(scope="module")
def url():
    with served(create_app()) as base:
        order(base, rates={"trade": 200, "bookTicker": 200, "miniTicker": 10, "kline": 10})
        yield base


def of(stream):
    return lambda message: message.get("stream") == stream


def test_a_combined_stream_wraps_each_kind_of_frame(url):
    began = time.time()
    with binance(url, f"/stream?streams={STREAMS}") as socket:
        frames = {name: socket.receive(of(name))["data"] for name in STREAMS.split("/")}
    trade = frames["btcusdt@trade"]
    assert list(trade) == ["e", "E", "s", "t", "p", "q", "T", "m", "M"]
    assert (trade["e"], trade["s"]) == ("trade", "BTCUSDT")
    assert began - 5 < trade["T"] / 1_000 < time.time() + 1
    assert list(frames["btcusdt@bookTicker"]) == ["u", "s", "b", "B", "a", "A"]
    assert float(frames["btcusdt@bookTicker"]["b"]) < float(frames["btcusdt@bookTicker"]["a"])
    mini = frames["btcusdt@miniTicker"]
    assert list(mini) == ["e", "E", "s", "c", "o", "h", "l", "v", "q"]
    assert float(mini["l"]) <= float(mini["c"]) <= float(mini["h"])
    kline = frames["btcusdt@kline_1m"]["k"]
    assert kline["t"] + 59_999 == kline["T"]
    # A minute that has just begun has no trade yet, and then no ids: Binance says -1 for both.
    assert kline["L"] - kline["f"] + 1 == kline["n"] or (kline["f"], kline["L"], kline["n"]) == (-1, -1, 0)
    assert {row["s"] for row in frames["!miniTicker@arr"]} > {"BTCUSDT", "SHIBUSDT"}


def test_raw_streams_come_bare_and_in_microseconds_if_wished(url):
    with binance(url, "/ws/btcusdt@trade/ethusdt@trade?timeUnit=MICROSECOND") as socket:
        frames = [socket.receive() for _ in range(20)]
    assert {frame["s"] for frame in frames} == {"BTCUSDT", "ETHUSDT"}
    assert all(frame["T"] > 10**15 for frame in frames)


def test_trades_come_without_a_hole_and_rest_serves_the_same(url):
    with binance(url, "/ws/btcusdt@trade") as socket:
        frames = [socket.receive() for _ in range(60)]
    assert all(after["t"] == before["t"] + 1 for before, after in pairwise(frames))
    asked = {"symbol": "BTCUSDT", "fromId": frames[0]["t"], "limit": 60}
    rows = requests.get(f"{url}/binance/api/v3/historicalTrades", asked, timeout=5).json()
    assert [(row["id"], row["price"], row["qty"], row["time"], row["isBuyerMaker"]) for row in rows] == [
        (frame["t"], frame["p"], frame["q"], frame["T"], frame["m"]) for frame in frames
    ]


def test_two_sockets_send_the_same_bytes(url):
    with binance(url, f"/stream?streams={STREAMS}") as one, binance(url, f"/stream?streams={STREAMS}") as two:
        frames = [{json.dumps(socket.receive()) for _ in range(150)} for socket in (one, two)]
    assert len(frames[0] & frames[1]) > 100


def test_subscriptions_are_changed_and_listed_on_the_open_socket(url):
    with binance(url, "/stream") as socket:
        names = ["btcusdt@trade", "nopeusdt@trade"]
        assert socket.ask({"method": "SUBSCRIBE", "params": names, "id": 1}) == {"result": None, "id": 1}
        assert socket.receive()["stream"] == "btcusdt@trade"
        assert socket.ask({"method": "LIST_SUBSCRIPTIONS", "id": "x"}) == {"result": names, "id": "x"}
        assert socket.ask({"method": "SET_PROPERTY", "params": ["combined", False], "id": 2})["id"] == 2
        assert socket.receive()["s"] == "BTCUSDT"
        assert socket.ask({"method": "UNSUBSCRIBE", "params": names, "id": 3})["result"] is None
        with pytest.raises(TimeoutError):
            socket.connection.recv(0.3)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("{", 3),
        ({"id": 1}, 2),
        ({"method": "DANCE", "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@dance"], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [f"sim{n}usdt@trade" for n in range(1_025)], "id": 1}, 2),
        ({"method": "LIST_SUBSCRIPTIONS", "id": 1.5}, 2),
        ({"method": "GET_PROPERTY", "params": ["shape"], "id": 1}, 0),
        ({"method": "SET_PROPERTY", "params": ["combined", 1], "id": 1}, 1),
    ],
)
@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_wrong_commands_are_answered_in_both_shapes(url, command, code, shape):
    order(url, limits={"error_shape": shape})
    with binance(url) as socket:
        answer = socket.ask(command)
    assert (answer["error"] if shape == "nested" else answer)["code"] == code


def test_the_sixth_message_of_a_second_ends_the_connection(url):
    with binance(url) as socket:
        for number in range(6):
            socket.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
        assert socket.end()[0] == 1008


def test_names_of_streams_are_case_sensitive_but_symbols_need_not_be_listed():
    assert well_formed("nopeusdt@kline_1M") and well_formed("!miniTicker@arr")
    assert not any(map(well_formed, ["BTCUSDT@trade", "btcusdt@kline_7m", "btcusdt@Trade", "btcusdt", 7]))


def test_too_many_streams_in_the_url_and_unknown_paths_are_refused(url):
    order(url, limits={"streams_per_connection": 3})
    with binance(url, f"/stream?streams={STREAMS}") as socket:
        assert socket.end() == (1008, "too many streams")
    with pytest.raises(InvalidStatus, match="404"), binance(url, "/nope"):
        pass
