"""A scripted exchange of Binance's kind, in a thread: trades with consecutive ids, on websockets and REST.

It does what a test tells it: publish, hang up, fall silent on open sockets, announce its end. It minds
the limits too, and remembers how near the client came.
"""

import asyncio
import json
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

T = TypeVar("T")
START_MS = int(time.time() * 1000)
MOST_BUFFERED = 4 << 20  # of what a client does not read: then the venue hangs up, as venues do


def trade(symbol: str, number: int) -> dict[str, Any]:
    """The same trade whoever asks for it, wherever."""
    price = f"{100 + number % 1000}.{number % 100:02d}000000"
    return {"id": number, "price": price, "qty": "0.50000000", "quoteQty": "50.00000000"} | {
        "time": START_MS + number,
        "isBuyerMaker": number % 2 == 0,
        "isBestMatch": True,
    }


def trade_frame(symbol: str, number: int) -> str:
    row = trade(symbol, number)
    data = {"e": "trade", "E": row["time"], "s": symbol.upper(), "t": number, "p": row["price"]}
    data |= {"q": row["qty"], "T": row["time"], "m": row["isBuyerMaker"], "M": True}
    return json.dumps({"stream": f"{symbol}@trade", "data": data}, separators=(",", ":"))


def ticker_frame(symbol: str, number: int) -> str:
    data = {"e": "24hrMiniTicker", "E": START_MS + number, "s": symbol.upper(), "c": "100.00000000"}
    data |= {"o": "99.00000000", "h": "101.00000000", "l": "98.00000000", "v": "1.00000000"}
    data["q"] = "100.00000000"
    return json.dumps({"stream": f"{symbol}@miniTicker", "data": data}, separators=(",", ":"))


@dataclass(eq=False)
class Client:
    """One socket and what it is subscribed to."""

    socket: ServerConnection
    streams: set[str]
    silent: bool = False
    received: deque[float] = field(default_factory=deque)


@dataclass
class Venue:
    """``published`` is each symbol's last trade id; what is ``unavailable`` REST does not have."""

    symbols: tuple[str, ...]
    tls: ssl.SSLContext
    first_id: int = 1000
    published: dict[str, int] = field(default_factory=dict)
    unavailable: set[tuple[str, int]] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    rest_down: bool = False
    clients: list[Client] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    attempts: deque[float] = field(default_factory=deque)
    port: int = 0
    _server: Server | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __enter__(self) -> "Venue":
        self.published = dict.fromkeys(self.symbols, self.first_id - 1)
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def url(self) -> str:
        return f"wss://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def do(self, action: Callable[[], T]) -> T:
        """Run an action in the venue's own thread."""

        async def acted() -> T:
            return action()

        return self.call(acted())

    def trades(self, count: int) -> int:
        """Publish so many trades, the symbols taking turns, whoever listens; how many were published."""
        return self.do(lambda: self._trades(count))

    def ticker(self, symbol: str, number: int) -> None:
        self.do(lambda: self.publish(f"{symbol}@miniTicker", ticker_frame(symbol, number)))

    def publish(self, stream: str, text: str) -> None:
        listening = [one for one in self.clients if stream in one.streams and not one.silent]
        for one in listening:
            if one.socket.transport.get_write_buffer_size() > MOST_BUFFERED:
                self.seen["too slow"] += 1
                one.socket.transport.abort()
        broadcast([one.socket for one in listening], text)

    def say(self, *texts: str | bytes) -> None:
        """Messages to everybody, one right after the other."""
        self.do(lambda: [broadcast([one.socket for one in self.clients], text) for text in texts])

    def hang_up(self, unheard: int = 0) -> None:
        """Every connection is reset, and so many trades are published before there can be another."""

        def reset() -> None:
            for one in self.clients:
                one.silent = True
                one.socket.transport.abort()
            self._trades(unheard)

        self.do(reset)

    def fall_silent(self) -> None:
        """Every connection stays open, and nothing is sent or read on it any more."""

        def silence() -> None:
            for one in self.clients:
                one.silent = True
                with suppress(RuntimeError):
                    one.socket.transport.pause_reading()

        self.do(silence)

    def shut_down(self, end_seconds: float = 3) -> None:
        """Announce the end; it comes so many seconds later."""
        text = json.dumps({"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": START_MS}})

        def announce() -> None:
            sockets = [one.socket for one in self.clients]
            broadcast(sockets, text)
            self._loop.call_later(end_seconds, lambda: [socket.transport.abort() for socket in sockets])

        self.do(announce)

    def _trades(self, count: int) -> int:
        return sum(self._trade(self.symbols[turn % len(self.symbols)]) for turn in range(count))

    def _trade(self, symbol: str) -> int:
        self.published[symbol] += 1
        number = self.published[symbol]
        self.publish(f"{symbol}@trade", trade_frame(symbol, number))
        return 1

    async def _start(self) -> None:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            ssl=self.tls,
            process_request=self._rest,
            compression=None,
            ping_interval=1,
            ping_timeout=30,
            max_queue=None,
            write_limit=MOST_BUFFERED,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def _stop(self) -> None:
        assert self._server
        self._server.close(close_connections=False)
        for one in self.clients:
            one.socket.transport.abort()

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request
        now = time.monotonic()
        self.attempts.append(now)
        self.seen["connections"] += 1
        asked = parse_qs(urlsplit(socket.request.path).query)["streams"][0].split("/")
        client = Client(socket, set(asked))
        self.clients.append(client)
        self.seen["at once"] = max(self.seen["at once"], len(self.clients))
        try:
            async for text in socket:
                self._handle(client, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self.clients.remove(client)

    def _handle(self, client: Client, command: dict[str, Any]) -> None:
        now = time.monotonic()
        client.received.append(now)
        while now - client.received[0] >= 1:
            client.received.popleft()
        self.seen["messages in a second"] = max(self.seen["messages in a second"], len(client.received))
        if bad := self.refused & set(command["params"]):
            flat = {"code": 2, "msg": f"Invalid request: {min(bad)}"}
            shaped = {**flat, "id": command["id"]} if len(bad) > 1 else {"error": flat, "id": command["id"]}
            broadcast([client.socket], json.dumps(shaped))
            return
        client.streams |= set(command["params"])
        broadcast([client.socket], json.dumps({"result": None, "id": command["id"]}))

    def _rest(self, socket: ServerConnection, request: Request) -> Response | None:
        place = urlsplit(request.path)
        if place.path != "/api/v3/historicalTrades":
            return None
        self.seen["rest"] += 1
        if self.rest_down:
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, {"msg": "down"})
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        symbol, first, limit = asked["symbol"].lower(), int(asked["fromId"]), int(asked["limit"])
        numbers = (number for number in range(first, self.published[symbol] + 1))
        have = [trade(symbol, number) for number in numbers if (symbol, number) not in self.unavailable]
        return _response(HTTPStatus.OK, have[:limit])


def _response(status: HTTPStatus, document: Any) -> Response:
    body = json.dumps(document).encode()
    headers = Headers([("Content-Length", str(len(body))), ("Connection", "close")])
    return Response(status.value, status.phrase, headers, body)
