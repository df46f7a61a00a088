"""One websocket as the server has it: frames in bursts, and what ASGI has no word for.

The venues' pings, a socket that falls silent and a connection that is reset need uvicorn's own
connection, which is found where ASGI's ``send`` is bound. Without it (another server, a test without
a network) frames go out one by one, and the connection is closed instead of silenced or reset.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

from starlette.types import Message, Receive, Send

LOOK_SECONDS: Final = 0.1
ABNORMAL: Final = 1006  # never sent: the code of a connection that just ended


class Gone(Exception):
    """The peer has left, or we have."""


class Wire:
    """A socket from its upgrade on; ``Gone`` wherever it has ended."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.server: Any = getattr(send, "__self__", None)
        if not hasattr(self.server, "conn"):
            self.server = None
        self.ended = False

    async def accept(self, ping_seconds: float, pong_seconds: float, heard: Callable[[], None]) -> None:
        """Finish the upgrade; ``heard`` is told of every ping and pong."""
        if (await self._receive())["type"] != "websocket.connect":
            raise Gone
        if self.server is not None:
            self.server.ping_interval, self.server.ping_timeout = ping_seconds, pong_seconds
            self.server.handle_ping = _after(heard, self.server.handle_ping)
            self.server.handle_pong = _after(heard, self.server.handle_pong)
        await self._say({"type": "websocket.accept"})

    async def refuse(self, status: int, text: str) -> None:
        """Answer the upgrade with an HTTP error."""
        await self._receive()
        head = {"type": "websocket.http.response.start", "status": status}
        await self._send({**head, "headers": [(b"content-type", b"text/plain")]})
        await self._send({"type": "websocket.http.response.body", "body": text.encode()})
        self.ended = True

    async def hear(self) -> str | bytes:
        """The next message."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self.ended = True
            raise Gone
        found: str | bytes = message["bytes"] if message.get("text") is None else message["text"]
        return found

    async def say(self, frames: Sequence[str]) -> None:
        """Text frames, in one write where the server lets us; waits while the peer reads too slowly."""
        if self.server is None:
            for frame in frames:
                await self._say({"type": "websocket.send", "text": frame})
            return
        await self.server.writable.wait()
        if self.ended or self.server.disconnected or self.server.close_sent:
            raise Gone
        for frame in frames:
            self.server.conn.send_text(frame.encode())
        self.server.transport.write(b"".join(self.server.conn.data_to_send()))

    async def say_bytes(self, frame: bytes) -> None:
        """One binary frame."""
        await self._say({"type": "websocket.send", "bytes": frame})

    async def close(self, code: int, reason: str = "") -> None:
        """The orderly end, or for 1006 a reset."""
        if self.ended:
            return
        self.ended = True
        if code == ABNORMAL and self.server is not None:
            transport = self.server.transport
            # lingering for 0 s makes the kernel send RST instead of an orderly FIN
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
            return
        code = 1011 if code == ABNORMAL else code
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def fall_silent(self, seconds: float) -> None:
        """Neither read nor answer nor end for ``seconds``, as a peer behind a dead route; then reset."""
        if self.server is not None:
            self.server.stop_keepalive()
            self.server.read_paused = False  # else the server would read on after its next message
            self.server.transport.pause_reading()
            for _ in range(int(seconds / LOOK_SECONDS)):
                if self.server.transport.is_closing():  # the server stops
                    raise Gone
                await asyncio.sleep(LOOK_SECONDS)
        await self.close(ABNORMAL)

    async def _say(self, message: Message) -> None:
        try:
            await self._send(message)
        except Exception as error:  # each server has an exception of its own for a peer that left
            self.ended = True
            raise Gone from error


def _after(first: Callable[[], None], then: Callable[..., None]) -> Callable[..., None]:
    def both(*arguments: Any) -> None:
        first()
        then(*arguments)

    return both
