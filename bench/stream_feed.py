"""An exchange that is always faster than its client: Binance's websocket, its frames made beforehand.

Once every stream is subscribed to, so many ``bookTicker`` frames are made, and then go out over the client's
connections, in turn over each one's streams. The same bytes for every client. A process of its own, on a
core of its own where there are two.
"""

import asyncio
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from bench.measure import cores

SETTLE_SECONDS: Final = 0.5
AT_ONCE: Final = 512  # frames of one write
_FRAME: Final = (
    '{{"stream":"{name}@bookTicker","data":{{"u":{number},"s":"{symbol}","b":"{bid}.35190000",'
    '"B":"31.21000000","a":"{bid}.36520000","A":"40.66000000"}}}}'
)


def symbol(number: int) -> str:
    return f"C{number:04d}USDT"


@dataclass
class Feed:
    """``frames`` in all, to a client of ``symbols`` streams."""

    frames: int
    symbols: int
    clients: dict[ServerConnection, list[str]] = field(default_factory=dict)
    sending: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def serve(self, socket: ServerConnection) -> None:
        """One connection: subscriptions are answered, and once all are there, everything goes out."""
        assert socket.request  # noqa: S101 - the handshake is over
        self.clients[socket] = []
        await self._take(socket, parse_qs(urlsplit(socket.request.path).query)["streams"][0].split("/"))
        try:
            async for text in socket:
                command = json.loads(text)
                await socket.send(json.dumps({"result": None, "id": command["id"]}))
                await self._take(socket, command["params"])
        except ConnectionClosed:
            pass
        finally:
            del self.clients[socket]
            self.sending = self.sending and bool(self.clients)

    async def _take(self, socket: ServerConnection, names: list[str]) -> None:
        self.clients[socket] = list(dict.fromkeys([*self.clients[socket], *names]))
        if sum(map(len, self.clients.values())) == self.symbols and not self.sending:
            self.sending = True
            asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._send_all)

    def _send_all(self) -> None:
        """Everything to everybody; the time at which it begins is printed, by the clock of all processes."""
        made = {
            socket: list(chunks(names, self.frames * len(names) // self.symbols))
            for socket, names in self.clients.items()
        }
        print(time.monotonic(), flush=True)
        self.tasks = [asyncio.create_task(_send(socket, data)) for socket, data in made.items()]


async def _send(socket: ServerConnection, data: list[bytes]) -> None:
    """Whole frames straight to the transport, as fast as the client reads."""
    transport: Any = socket.transport
    for chunk in data:
        transport.write(chunk)
        while transport.get_write_buffer_size() > 1 << 20:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)


def chunks(names: list[str], count: int) -> Iterator[bytes]:
    """The bytes of so many frames on the wire, many of them in each."""
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        yield b"".join(_frame(names[number % len(names)], number) for number in numbers)


def _frame(stream: str, number: int) -> bytes:
    name = stream.partition("@")[0]
    text = _FRAME.format(name=name, symbol=name.upper(), number=400_000_000 + number, bid=10 + number % 90)
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


async def _serve(feed: Feed, tls: ssl.SSLContext) -> None:
    async with serve(feed.serve, "127.0.0.1", 0, ssl=tls, compression=None, ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """With frames, symbols and the certificate's file; until standard input closes."""
    options = json.loads(sys.argv[1])
    os.sched_setaffinity(0, {cores()[1]})
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(options["certificate"])
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    asyncio.run(_serve(Feed(options["frames"], options["symbols"]), tls))


if __name__ == "__main__":
    main()
