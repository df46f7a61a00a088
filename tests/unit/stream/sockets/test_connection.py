"""One websocket: to whom it speaks, and what becomes of refused subscriptions."""

import asyncio
import json

import pytest
from picows.websockets.exceptions import ConnectionClosedOK

from stream.frames import Reply
from stream.sockets import connection
from stream.sockets.connection import Connection, ConnectionFailed
from stream.timeouts import Timeouts
from stream.venues.binance import Binance

TIMEOUTS = Timeouts(reply_seconds=1.0)


class Socket:
    """An open websocket to ``address``; ``answer`` maps each message sent to the replies that come."""

    def __init__(self, address="52.84.1.1", answer=lambda message: []):
        self.remote_address = (address, 443)
        self.answer, self.sent, self.closed = answer, [], False
        self.replies = asyncio.Queue()

    async def send(self, message):
        self.sent.append(message)
        for reply in self.answer(message):
            self.replies.put_nowait(reply)

    async def close(self):
        self.closed = True
        self.replies.put_nowait(None)

    async def recv(self, decode):
        assert decode is False
        reply = await self.replies.get()
        if reply is None:
            raise ConnectionClosedOK(None, None)
        return reply


class AnswersByMarket(Binance):
    """A venue that answers for each market by itself, and asks for one kind of stream a message."""

    messages_per_second = 1000.0

    def batches(self, streams):
        kinds = dict.fromkeys(stream.partition("@")[2] for stream in streams)
        return [[stream for stream in streams if stream.endswith(f"@{kind}")] for kind in kinds]


def opened(monkeypatch, socket, venue, streams, *, allow_private=False):
    async def connect(*_, **__):
        return socket

    monkeypatch.setattr(connection, "connect", connect)
    return Connection(
        venue=venue,
        url="wss://host",
        streams=streams,
        handle=lambda _connection, reply, _received_at: reply,
        backpressure=lambda: None,
        timeouts=TIMEOUTS,
        tls=None,
        allow_private=allow_private,
    )


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",  # 169.254.169.254 through NAT64
        "fe80::1%eth0",
        "fd00:ec2::254",
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_no_websocket_speaks_to_where_clouds_serve_credentials(monkeypatch, address, allow_private):
    async def scenario():
        socket = Socket(address)
        made = opened(monkeypatch, socket, Binance(), ["btcusdt@trade"], allow_private=allow_private)
        with pytest.raises(ConnectionFailed, match="not a public address") as refused:
            await made.open()
        assert refused.value.code == "url_refused"
        assert socket.closed and not socket.sent

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "::1", "192.168.1.1", "::ffff:10.0.0.1", "224.0.0.1", "64:ff9b::a00:1"],
)
def test_private_peers_are_spoken_to_only_where_they_are_allowed(monkeypatch, address):
    async def scenario():
        with pytest.raises(ConnectionFailed):
            await opened(monkeypatch, Socket(address), Binance(), ["btcusdt@trade"]).open()
        socket = Socket(address, lambda _: [Reply()])
        made = opened(monkeypatch, socket, Binance(), ["btcusdt@trade"], allow_private=True)
        await made.open()
        await made.close()
        assert not made.refused

    asyncio.run(scenario())


def test_a_message_that_is_refused_as_a_whole_is_halved_until_the_bad_stream_stands_alone(monkeypatch):
    def answer(message):
        return [Reply("2: invalid" if "baad@trade" in message else None)]

    async def scenario():
        streams = ["aaa@trade", "baad@trade", "ccc@trade", "ddd@trade"]
        monkeypatch.setattr(Binance, "messages_per_second", 1000.0)
        made = opened(monkeypatch, Socket(answer=answer), Binance(), streams)
        await made.open()
        await made.close()
        assert made.refused == ["baad@trade"]

    asyncio.run(scenario())


def test_a_venue_that_answers_for_each_market_is_asked_once_for_each_kind(monkeypatch):
    def answer(message):
        markets = [stream.partition("@")[0] for stream in json.loads(message)["params"]]
        return [Reply("unknown" if market == "baad" else None, market) for market in reversed(markets)]

    async def scenario():
        socket = Socket(answer=answer)
        streams = ["aaa@trade", "baad@trade", "aaa@ticker", "ccc@ticker"]
        made = opened(monkeypatch, socket, AnswersByMarket(), streams)
        await made.open()
        await made.close()
        assert made.refused == ["baad@trade"] and made.opened_at
        assert [json.loads(message)["params"] for message in socket.sent] == [streams[:2], streams[2:]]

    asyncio.run(scenario())


def test_a_market_that_is_never_answered_for_fails_the_connection(monkeypatch):
    async def scenario():
        socket = Socket(answer=lambda _: [Reply(None, "aaa")])
        made = opened(monkeypatch, socket, AnswersByMarket(), ["aaa@trade", "bbb@trade"])
        made.timeouts = Timeouts(reply_seconds=0.05)
        with pytest.raises(ConnectionFailed, match="no answer to a subscription"):
            await made.open()

    asyncio.run(scenario())
