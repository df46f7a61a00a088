"""One socket at work for any venue, and the register of all of them that orders are given to."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final

from simulator.market.trades import MICROSECONDS
from simulator.websockets.connection import ConnectionEnded, ServerSocket
from simulator.websockets.frame_scheduler import BURST, FrameScheduler
from simulator.websockets.settings import Order, StreamSettings

TICK_SECONDS: Final = 0.01  # frames that fall due within it share a write
IDLE_SECONDS: Final = 0.2
SILENT_SECONDS: Final = 300
MAX_REPEATED: Final = 1_000  # frames that can be repeated
POLICY: Final = 1008
GOING_AWAY: Final = 1001
GARBAGE: Final = (
    "{",
    "null",
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":"soon"}}',
    "\x00\x01",
    "[" * 200,
)

MessageHandler = Callable[[str | bytes], Coroutine[Any, Any, None]]


class Session:
    """A socket after its upgrade: it sends what is due, answers the peer, and executes orders."""

    def __init__(self, venue: str, socket: ServerSocket, settings: StreamSettings) -> None:
        self.venue, self.socket, self.settings = venue, socket, settings
        self.scheduler = FrameScheduler()
        self.opened_us = settings.now_us()
        self.orders: deque[Order] = deque()
        self.recent: deque[str] = deque(maxlen=MAX_REPEATED)
        self.skipping = 0
        self.frames_sent = 0
        self.silent = False
        self.paused_until_us = 0
        self.shutdown_notice: Callable[[], str] = str  # the venue's words before a shutdown; none by default

    async def run(self, on_message: MessageHandler) -> None:
        """Until either side ends it; ``on_message`` answers one message of the peer."""
        reader = asyncio.ensure_future(self._read(on_message))
        try:
            while not reader.done():
                while self.orders:
                    await self._execute(self.orders.popleft())
                await self._send_due()
        except ConnectionEnded:
            pass
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError, ConnectionEnded):
                await reader

    async def end(self, code: int, reason: str = "") -> None:
        """Close, and stop both loops."""
        self.settings.counts["disconnects"] += 1
        await self.socket.close(code, reason)
        raise ConnectionEnded

    async def send(self, frames: Iterable[str]) -> None:
        """Frames that count, unless an order says to lose some."""
        kept = list(frames)
        if self.skipping:
            lost, kept = kept[: self.skipping], kept[self.skipping :]
            self.skipping -= len(lost)
            self.settings.counts["skipped"] += len(lost)
        self.recent.extend(kept)
        self.frames_sent += len(kept)
        self.settings.counts["frames"] += len(kept)
        await self.socket.send(kept)

    async def _read(self, on_message: MessageHandler) -> None:
        with suppress(ConnectionEnded):
            while not self.silent:
                await on_message(await self.socket.receive())

    async def _send_due(self) -> None:
        now_us, limits = self.settings.now_us(), self.settings.limits
        if now_us - self.opened_us > limits.session_seconds * MICROSECONDS:
            await self.end(GOING_AWAY, "the connection's time is over")
        if self.scheduler.lag_us(now_us) > limits.lag_seconds * MICROSECONDS:
            await self.end(POLICY, "the peer reads too slowly")
        frames = self.scheduler.due(now_us) if now_us >= self.paused_until_us else []
        if frames:
            await self.send(frames)
        lag = self.scheduler.lag_us(self.settings.now_us()) / MICROSECONDS
        await asyncio.sleep(0 if len(frames) >= BURST else min(IDLE_SECONDS, max(TICK_SECONDS, -lag)))

    async def _execute(self, order: Order) -> None:
        self.settings.counts[order.do] += 1
        match order.do:
            case "disconnect":
                await self.end(int(order.value))
            case "half_open":
                self.silent = True
                await self.socket.stop_responding(SILENT_SECONDS)
                raise ConnectionEnded
            case "shutdown":
                if self.shutdown_notice():
                    await self.socket.send([self.shutdown_notice()])
                close = Order("disconnect", None, None, GOING_AWAY)
                asyncio.get_running_loop().call_later(order.value, self.orders.append, close)
            case "garbage":
                await self.socket.send(GARBAGE)
                await self.socket.send_bytes(b"\xff\xfe\x00")
            case "skip":
                self.skipping += int(order.value)
            case "repeat":
                await self.socket.send(list(self.recent)[-int(order.value) or MAX_REPEATED :])
            case "pause":
                self.paused_until_us = self.settings.now_us() + int(order.value * MICROSECONDS)


class Sessions:
    """All open sockets, and how many upgrades each address has asked for."""

    def __init__(self, settings: StreamSettings) -> None:
        self.settings = settings
        self.open: list[Session] = []
        self.attempts: dict[str, deque[float]] = {}

    async def admit(self, socket: ServerSocket, client: str) -> bool:
        """Whether an upgrade may go on; refused by plan, or for too many of them, it is answered here."""
        limits, refusals = self.settings.limits, self.settings.refusals
        attempts = self.attempts.setdefault(client, deque())
        now = self.settings.market.now()
        while attempts and attempts[0] <= now - limits.connections_seconds:
            attempts.popleft()
        attempts.append(now)
        if refusals.times > 0:
            refusals.times -= 1
            self.settings.counts["refused"] += 1
            await socket.refuse(refusals.status, "refused by plan")
            return False
        if len(attempts) > limits.connections:
            self.settings.counts["refused"] += 1
            await socket.refuse(429, "Too many connection attempts; wait five minutes.")
            return False
        self.settings.counts["connects"] += 1
        return True

    async def serve(self, session: Session, on_message: MessageHandler) -> None:
        """Run a session, known to the register while it is open."""
        self.open.append(session)
        try:
            await session.run(on_message)
        finally:
            self.open.remove(session)

    def order(self, order: Order) -> int:
        """Give an order to the oldest sockets that it is for; returns to how many."""
        sessions = [
            session for session in self.open if order.venue in {None, session.venue} and not session.silent
        ][: order.connections]
        for session in sessions:
            session.orders.append(order)
        return len(sessions)

    def described(self) -> list[dict[str, Any]]:
        """The open sockets, oldest first."""
        return [
            {
                "venue": session.venue,
                "streams": len(session.scheduler.channels),
                "frames": session.frames_sent,
                "opened_us": session.opened_us,
                "silent": session.silent,
            }
            for session in self.open
        ]
