"""One websocket as the server has it: frames in bursts, and what ASGI has no message for.

The venues' pings, a socket that stops responding and a connection that is reset need uvicorn's own
connection, which is found where ASGI's ``send`` is bound. Without it (another server, a test without
a network) frames go out one by one, and the connection is closed instead of silenced or reset.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

from starlette.types import Message, Receive, Send

POLL_SECONDS: Final = 0.1
ABNORMAL: Final = 1006  # never sent: the code of a connection that just ended


class ConnectionEnded(Exception):
    """The connection has ended, by the peer or by us."""


class ServerSocket:
    """A socket from its upgrade on; each method raises ``ConnectionEnded`` once it has ended."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._asgi_receive = receive
        self._asgi_send = send
        self.server: Any = getattr(send, "__self__", None)
        if not hasattr(self.server, "conn"):
            self.server = None
        self.ended = False

    async def accept(
        self, ping_seconds: float, pong_seconds: float, on_control_frame: Callable[[], None] = lambda: None
    ) -> None:
        """Finish the upgrade; ``on_control_frame`` is called for every ping and pong."""
        if (await self._asgi_receive())["type"] != "websocket.connect":
            raise ConnectionEnded
        if self.server is not None:
            self.server.ping_interval, self.server.ping_timeout = ping_seconds, pong_seconds
            self.server.handle_ping = _both(on_control_frame, self.server.handle_ping)
            self.server.handle_pong = _both(on_control_frame, self.server.handle_pong)
        await self._send({"type": "websocket.accept"})

    async def refuse(self, status: int, text: str) -> None:
        """Answer the upgrade with an HTTP error."""
        await self._asgi_receive()
        head = {"type": "websocket.http.response.start", "status": status}
        await self._asgi_send({**head, "headers": [(b"content-type", b"text/plain")]})
        await self._asgi_send({"type": "websocket.http.response.body", "body": text.encode()})
        self.ended = True

    async def receive(self) -> str | bytes:
        """The next message."""
        message = await self._asgi_receive()
        if message["type"] == "websocket.disconnect":
            self.ended = True
            raise ConnectionEnded
        content: str | bytes = message["bytes"] if message.get("text") is None else message["text"]
        return content

    async def send(self, frames: Sequence[str]) -> None:
        """Text frames, in one write where the server lets us; waits while the peer reads too slowly."""
        if self.server is None:
            for frame in frames:
                await self._send({"type": "websocket.send", "text": frame})
            return
        await self.server.writable.wait()
        if self.ended or self.server.disconnected or self.server.close_sent:
            raise ConnectionEnded
        for frame in frames:
            self.server.conn.send_text(frame.encode())
        self.server.transport.write(b"".join(self.server.conn.data_to_send()))

    async def send_bytes(self, frame: bytes) -> None:
        """One binary frame."""
        await self._send({"type": "websocket.send", "bytes": frame})

    async def close(self, code: int, reason: str = "") -> None:
        """The orderly end, or for 1006 a reset."""
        if self.ended:
            return
        self.ended = True
        if code == ABNORMAL and self.server is not None:
            reset(self.server.transport)
            return
        code = 1011 if code == ABNORMAL else code
        await self._asgi_send({"type": "websocket.close", "code": code, "reason": reason})

    async def stop_responding(self, seconds: float) -> None:
        """Neither read nor answer nor end for ``seconds``, as a peer behind a dead route; then reset."""
        if self.server is not None:
            self.server.stop_keepalive()
            self.server.read_paused = False  # else the server would read on after its next message
            self.server.transport.pause_reading()
            for _ in range(int(seconds / POLL_SECONDS)):
                if self.server.transport.is_closing():  # the server stops
                    raise ConnectionEnded
                await asyncio.sleep(POLL_SECONDS)
        await self.close(ABNORMAL)

    async def _send(self, message: Message) -> None:
        try:
            await self._asgi_send(message)
        except Exception as error:  # each server has an exception of its own for a peer that left
            self.ended = True
            raise ConnectionEnded from error


def reset(transport: Any) -> None:
    """End a TCP connection at once; lingering for 0 s makes the kernel send RST instead of an orderly FIN."""
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


def _both(first: Callable[[], None], then: Callable[..., None]) -> Callable[..., None]:
    def both(*arguments: Any) -> None:
        first()
        then(*arguments)

    return both
