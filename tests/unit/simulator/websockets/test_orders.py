"""What ``PUT /_streams`` orders: limits of a connection, refusals, and trouble on open sockets."""

import json
import time

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode

from simulator.app import create_app
from tests.unit.simulator.asgi import Client
from tests.unit.simulator.server import served
from tests.unit.simulator.sockets import binance, coinbase, order

TRADES = "/ws/btcusdt@trade"


@pytest.fixture(scope="module")
def server():
    with served(create_app()) as base:
        yield base


@pytest.fixture
def url(server):
    requests.delete(f"{server}/_streams", timeout=5).raise_for_status()
    order(server, rates={"trade": 50})
    return server


def do(url, what, **parameters):
    return order(url, now=[{"do": what, **parameters}])


def receive(socket, count):
    return [socket.receive()["t"] for _ in range(count)]


@pytest.mark.parametrize("code", [1006, 1001, 1008])
def test_open_sockets_are_cut_on_order(url, code):
    with binance(url, TRADES) as socket:
        receive(socket, 1)
        do(url, "disconnect", venue="binance", code=code)
        assert socket.end()[0] == code
    assert requests.get(f"{url}/_streams", timeout=5).json()["counts"]["disconnects"] == 1


def test_an_order_is_for_one_venue_or_for_as_many_sockets_as_it_says(url):
    with binance(url, TRADES) as oldest, binance(url, TRADES) as other, coinbase(url, "matches") as feed:
        for socket in (oldest, other, feed):
            socket.receive()
        do(url, "disconnect", venue="binance", connections=1)
        assert oldest.end()[0] == 1006
        assert receive(other, 2) and feed.receive()
        assert [entry["venue"] for entry in order(url)["connections"]] == ["binance", "coinbase"]


def test_a_half_open_socket_neither_speaks_nor_answers_pings_nor_ends(url):
    with binance(url, TRADES, ping_interval=None) as socket:
        receive(socket, 1)
        do(url, "half_open")
        with pytest.raises(TimeoutError):
            while True:
                socket.connection.recv(0.5)
        assert not socket.connection.ping().wait(0.5)
        assert order(url)["connections"][0]["silent"] is True
    assert order(url)["counts"]["half_open"] == 1


def test_a_shutdown_is_announced_and_comes(url):
    with binance(url, f"/stream?streams={TRADES[4:]}") as socket:
        do(url, "shutdown", seconds=0.2)
        assert (
            socket.receive(lambda message: message["stream"] == "!serverShutdown")["data"]["e"]
            == "serverShutdown"
        )
        assert socket.end()[0] == 1001


def test_garbage_comes_between_the_frames(url):
    with binance(url, TRADES) as socket:
        do(url, "garbage")
        received = [socket.connection.recv(5) for _ in range(30)]
    assert any(isinstance(message, bytes) for message in received)
    broken = 0
    for message in received:
        try:
            json.loads(message)
        except ValueError:
            broken += 1
    assert broken >= 4


def test_frames_are_lost_repeated_and_held_back_on_order(url):
    with binance(url, TRADES) as socket:
        first = receive(socket, 3)
        do(url, "skip", frames=4)
        time.sleep(0.2)
        do(url, "repeat", frames=3)
        do(url, "pause", seconds=0.5)
        received = first + receive(socket, 60)
    assert len(set(range(received[0], max(received))) - set(received)) == 4
    assert len(received) - len(set(received)) == 3


def test_upgrades_are_refused_by_plan_and_beyond_the_limit(url):
    order(url, refuse={"times": 1, "status": 503})
    with pytest.raises(InvalidStatus, match="503"), binance(url, TRADES):
        pass
    order(url, limits={"connections": 1, "connections_seconds": 0.4})
    with pytest.raises(InvalidStatus, match="429"), binance(url, TRADES):
        pass
    time.sleep(0.5)
    with binance(url, TRADES) as socket:
        receive(socket, 1)


def test_pings_come_in_time_and_a_client_that_does_not_answer_is_dropped(url):
    order(url, limits={"ping_seconds": 0.4, "pong_seconds": 0.3})
    with binance(url, TRADES) as socket:
        receive(socket, 50)  # a second of answered pings
        protocol, send = socket.connection.protocol, socket.connection.protocol.send_frame
        protocol.send_frame = lambda frame: None if frame.opcode is Opcode.PONG else send(frame)
        assert socket.end()[0] == 1011


def test_the_days_end_cuts_a_connection(url):
    order(url, limits={"session_seconds": 0.3})
    with binance(url, TRADES) as socket:
        assert socket.end() == (1001, "the connection's time is over")


def test_a_client_that_reads_too_slowly_is_dropped(url):
    order(url, limits={"lag_seconds": 0.2})
    with binance(url, TRADES) as socket:
        do(url, "pause", seconds=1)  # the server's own delay stands for the peer's
        assert socket.end() == (1008, "the peer reads too slowly")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"what": 1},
        {"rates": 3},
        {"rates": {"trades": 1}},
        {"rates": {"trade": 0}},
        {"rates": {"trade": True}},
        {"limits": {"pings": 1}},
        {"limits": {"error_shape": "round"}},
        {"limits": {"connections": 0.5}},
        {"refuse": {"status": 200}},
        {"refuse": {"often": 1}},
        {"now": {}},
        {"now": [{"do": "dance"}]},
        {"now": [{"do": "skip", "code": 1}]},
        {"now": [{"do": "skip", "frames": "x"}]},
        {"now": [{"do": "skip", "venue": "gemini"}]},
        {"now": [{"do": "skip", "connections": 0}]},
    ],
)
def test_bad_settings_are_refused_in_one_sentence_and_change_nothing(document):
    client = Client()
    before = client.get("/_streams").json
    reply = client.put("/_streams", document)
    assert reply.status == 400 and reply.json["error"].endswith(".")
    assert client.get("/_streams").json == before
