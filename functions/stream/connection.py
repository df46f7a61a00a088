"""One websocket to a venue: opened, subscribed, read until it ends. The only file that opens sockets.

The library answers the venue's pings with their own payload, and sends pings of its own, so that a
half-open connection, on which nothing answers, ends.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from coinlake.observability import logger
from stream.addresses import admits
from stream.frames import MAX_FRAME_BYTES, Reply
from stream.pace import Pace
from stream.venues import Venue

QUEUE_FRAMES: Final = 1024  # beyond them the library stops reading, and TCP holds the rest
USER_AGENT: Final = "coinlake/0.1 (crypto market data lake)"
TOO_BIG: Final = 1009  # the close code for a message over the cap, RFC 6455
_FAULTS: Final = (OSError, TimeoutError, WebSocketException, EOFError)


class ConnectionFailed(Exception):
    """No connection, or no more of it; ``code`` is one word, ``wait_seconds`` what the venue asks for."""

    def __init__(self, code: str, told: str, wait_seconds: float = 0.0) -> None:
        super().__init__(told)
        self.code = code
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class Connection:
    """``hear`` takes each message and returns what it answers, if it is an answer to us;
    ``hold`` says what to wait for before the next one.

    ``due`` is set when the connection should be replaced while it still brings frames, ``ended``
    when it brings no more; ``opened_at`` is when it was subscribed, ``heard_at`` when its last message
    came, in microseconds since 1970.
    """

    venue: Venue
    url: str
    streams: Sequence[str]
    hear: "Callable[[Connection, str | bytes], Reply | None]"
    hold: Callable[[], Awaitable[None] | None]
    pace: Pace
    tls: ssl.SSLContext | None
    private: bool
    refused: list[str] = field(default_factory=list)
    due: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    fault: str = ""
    opened_at: int = 0
    heard_at: int = 0
    messages: int = 0
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _replies: asyncio.Queue[Reply] = field(default_factory=asyncio.Queue)

    async def open(self) -> None:
        """Connect and subscribe; ``ConnectionFailed`` says why not."""
        try:
            self._socket = await self._connected()
        except InvalidStatus as error:
            raise _status(error) from error
        except (*_FAULTS, InvalidHandshake) as error:
            raise ConnectionFailed("disconnected", f"no connection ({type(error).__name__})") from error
        self._check_peer(self._socket)
        self._reader = asyncio.create_task(self._read(self._socket))
        try:
            await self._subscribe(self._socket)
            self.opened_at = time.time_ns() // 1000
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Say goodbye, if the other side listens; the reader is done afterwards."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _connected(self) -> ClientConnection:
        return await connect(
            self.venue.address(self.url, self.streams),
            ssl=self.tls,
            proxy=None,
            compression=None,
            user_agent_header=USER_AGENT,
            open_timeout=self.pace.open_seconds,
            ping_interval=self.pace.ping_seconds,
            ping_timeout=self.pace.pong_seconds,
            close_timeout=self.pace.close_seconds,
            max_size=MAX_FRAME_BYTES,
            max_queue=QUEUE_FRAMES,
        )

    def _check_peer(self, socket: ClientConnection) -> None:
        address = socket.remote_address[0]
        if not admits(address, private=self.private):
            socket.transport.abort()
            raise ConnectionFailed(
                "url_refused",
                f"{self.venue.source} leads to {address}, which is not a public address; "
                "correct URLS, or set PRIVATE_SOURCES=true for a simulator",
            )

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                if waiting := self.hold():
                    await waiting
                self.messages += 1
                self.heard_at = time.time_ns() // 1000
                reply = self.hear(self, text)
                if reply is not None:
                    self._replies.put_nowait(reply)
            self.fault = "closed by the venue"
        except ConnectionClosed as error:
            self.fault = _too_large(error) or f"lost ({type(error).__name__})"
        except Exception as error:
            self.fault = f"reader failed ({type(error).__name__})"
            raise
        finally:
            self.ended.set()

    async def _subscribe(self, socket: ClientConnection) -> None:
        size = self.venue.message_streams
        waiting = [self.streams[first : first + size] for first in range(0, len(self.streams), size)]
        number = 0
        while waiting:
            if number:
                await asyncio.sleep(1 / self.venue.messages_per_second)
            streams, number = waiting.pop(0), number + 1
            reply = await self._asked(socket, self.venue.subscription(number, streams))
            if reply.complaint is None:
                continue
            if len(streams) == 1:
                self.refused.append(streams[0])
                logger.error("ws_refused", stream=streams[0], complaint=reply.complaint)
                continue
            waiting[:0] = [streams[: len(streams) // 2], streams[len(streams) // 2 :]]
        if len(self.refused) == len(self.streams):
            raise ConnectionFailed("ws_refused", f"{self.venue.source} refuses every stream asked for")

    async def _asked(self, socket: ClientConnection, message: str) -> Reply:
        """The answer to one message."""
        while not self._replies.empty():
            self._replies.get_nowait()  # what nobody asked for
        try:
            await socket.send(message)
            return await asyncio.wait_for(self._replies.get(), self.pace.reply_seconds)
        except (ConnectionClosed, TimeoutError) as error:
            raise ConnectionFailed(
                "ws_refused", f"no answer to a subscription ({type(error).__name__})"
            ) from error


def _status(error: InvalidStatus) -> ConnectionFailed:
    """HTTP instead of a websocket: a 429 or a ban says for how long."""
    status, asked = error.response.status_code, error.response.headers.get("Retry-After", "")
    wait_seconds = float(asked[:6]) if asked.isascii() and asked.isdigit() else 0.0
    return ConnectionFailed("ws_refused", f"HTTP {status} instead of a websocket", wait_seconds)


def _too_large(error: ConnectionClosed) -> str | None:
    sent = error.sent
    return "too_large" if sent is not None and sent.code == TOO_BIG else None
