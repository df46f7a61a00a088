"""One websocket to a venue: opened, subscribed, read until it ends. The only file that opens sockets.

The library answers the venue's pings with their own payload, and sends pings of its own, so that a
half-open connection, on which nothing answers, ends. It is picows under the names of websockets, from which
they could be imported as well (decision 23).
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from picows import WSError
from picows.websockets.asyncio.client import ClientConnection, connect
from picows.websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidStatus,
    WebSocketException,
)

from coinlake.http import USER_AGENT, admits
from coinlake.observability import logger
from stream.frames import MAX_FRAME_BYTES, Reply
from stream.gaps import gap_records
from stream.timeouts import Timeouts
from stream.venues import Venue

QUEUE_FRAMES: Final = 1024  # beyond them the library stops reading, and TCP holds the rest
TOO_BIG: Final = 1009  # the close code for a message over the cap, RFC 6455
_FAULTS: Final = (OSError, TimeoutError, WebSocketException, WSError, EOFError)

# What picows logs, of a frame past the cap for one, the collector says as a gap, or in a line of its own.
_SILENT: Final = logging.getLogger(f"{__name__}.picows")
_SILENT.setLevel(logging.CRITICAL + 1)


class ConnectionFailed(Exception):
    """No connection, or no more of it; ``code`` is one word, ``wait_seconds`` what the venue asks for."""

    def __init__(self, code: str, message: str, wait_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class Connection:
    """``handle`` takes each message and returns it if it is the venue's reply to a subscription;
    ``backpressure`` gives what to wait for before the next one.

    ``replacement_due`` is set when the connection should be replaced while it still brings frames,
    ``ended`` when it brings no more, and ``fault`` says why; ``refused`` are streams that the venue does
    not give. ``opened_at`` is when it was subscribed, ``last_message_at`` when its last message came, in
    microseconds since 1970.
    """

    venue: Venue
    url: str
    streams: Sequence[str]
    handle: "Callable[[Connection, bytes, int], Reply | None]"
    backpressure: Callable[[], Awaitable[None] | None]
    timeouts: Timeouts
    tls: ssl.SSLContext | None
    allow_private: bool
    refused: list[str] = field(default_factory=list)
    replacement_due: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    fault: str = ""
    opened_at: int = 0
    last_message_at: int = 0
    messages: int = 0
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _replies: asyncio.Queue[Reply] = field(default_factory=asyncio.Queue)

    async def open(self) -> None:
        """Connect and subscribe; ``ConnectionFailed`` says why not."""
        try:
            async with asyncio.timeout(self.timeouts.open_seconds):
                self._socket = await connect(
                    self.venue.address(self.url, self.streams),
                    ssl=self.tls,
                    proxy=None,
                    max_redirects=0,
                    compression=None,
                    user_agent_header=USER_AGENT,
                    open_timeout=self.timeouts.open_seconds,  # of the handshake: it closes the socket
                    ping_interval=self.timeouts.ping_seconds,
                    ping_timeout=self.timeouts.pong_seconds,
                    close_timeout=self.timeouts.close_seconds,
                    max_size=MAX_FRAME_BYTES,
                    max_queue=QUEUE_FRAMES,
                    logger=_SILENT,
                    use_aiofastnet=False,  # it reaches into Python's SSLContext
                )
        except InvalidStatus as error:
            raise _refused_handshake(error) from error
        except _FAULTS as error:
            raise ConnectionFailed("disconnected", f"no connection ({type(error).__name__})") from error
        await self._check_peer(self._socket)
        self._reader = asyncio.create_task(self._read(self._socket))
        try:
            await self._subscribe(self._socket)
            self.opened_at = time.time_ns() // 1000
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close in order, if the other side responds; the reader is done afterwards."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _check_peer(self, socket: ClientConnection) -> None:
        address = socket.remote_address[0]
        if not admits(address, private=self.allow_private):
            await socket.close()
            raise ConnectionFailed(
                "url_refused",
                f"{self.venue.source} resolves to {address}, which is not a public address; "
                "correct URLS, or set PRIVATE_SOURCES=true for a simulator",
            )

    async def _read(self, socket: ClientConnection) -> None:
        recv, handle, backpressure, now = socket.recv, self.handle, self.backpressure, time.time_ns
        try:
            while True:
                text: Any = await recv(decode=False)
                if waiting := backpressure():
                    await waiting
                self.messages += 1
                self.last_message_at = received_at = now() // 1000
                reply = handle(self, text, received_at)
                if reply is not None:
                    self._replies.put_nowait(reply)
        except ConnectionClosedOK:
            self.fault = "closed by the venue"
        except ConnectionClosed as error:
            ours = error.sent is not None and not error.rcvd_then_sent  # what the venue sends is sent back
            too_large = ours and error.sent.code == TOO_BIG
            self.fault = gap_records.TOO_LARGE if too_large else f"lost ({type(error).__name__})"
        except Exception as error:
            self.fault = f"reader failed ({type(error).__name__})"
            raise
        finally:
            self.ended.set()

    async def _subscribe(self, socket: ClientConnection) -> None:
        """Ask for all streams, inside the venue's limit of messages. A message that is refused as a whole
        is halved, until what is refused stands alone."""
        waiting = list(self.venue.batches(self.streams))
        number = 0
        while waiting:
            if number:
                await asyncio.sleep(1 / self.venue.messages_per_second)
            streams, number = waiting.pop(0), number + 1
            errors = await self._request(socket, self.venue.subscription(number, streams), streams)
            if None in errors and len(streams) > 1:
                waiting[:0] = [streams[: len(streams) // 2], streams[len(streams) // 2 :]]
                continue
            for stream, error in errors.items():
                refused = stream or streams[0]
                self.refused.append(refused)
                logger.error("ws_refused", stream=refused, error=error)
        if len(self.refused) == len(self.streams):
            raise ConnectionFailed("ws_refused", f"{self.venue.source} refuses every stream asked for")

    async def _request(
        self, socket: ClientConnection, message: str, streams: Sequence[str]
    ) -> dict[str | None, str]:
        """The venue's error for each stream that it refuses, for None where it refuses the message."""
        while not self._replies.empty():
            self._replies.get_nowait()  # what nobody asked for
        unanswered = {stream.partition("@")[0]: stream for stream in streams}
        errors: dict[str | None, str] = {}
        try:
            await socket.send(message)
            while unanswered:
                reply = await asyncio.wait_for(self._replies.get(), self.timeouts.reply_seconds)
                if reply.market is None:
                    return {} if reply.error is None else {None: reply.error}
                stream = unanswered.pop(reply.market, None)
                if stream is not None and reply.error is not None:
                    errors[stream] = reply.error
        except (ConnectionClosed, TimeoutError) as error:
            raise ConnectionFailed(
                "ws_refused", f"no answer to a subscription ({type(error).__name__})"
            ) from error
        return errors


def _refused_handshake(error: InvalidStatus) -> ConnectionFailed:
    """HTTP instead of a websocket: a 429 or a ban says for how long."""
    status, retry_after = error.response.status_code, error.response.headers.get("Retry-After", "")
    wait_seconds = float(retry_after[:6]) if retry_after.isascii() and retry_after.isdigit() else 0.0
    return ConnectionFailed("ws_refused", f"HTTP {status} instead of a websocket", wait_seconds)
