"""One socket at work for either venue, and the register of all of them that orders are given to."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final

from simulator.pump import BURST, Pump
from simulator.stream_terms import Order, StreamTerms
from simulator.tape import MICROSECONDS
from simulator.wire import Gone, Wire

TICK_SECONDS: Final = 0.01  # frames that fall due within it share a write
IDLE_SECONDS: Final = 0.2
SILENT_SECONDS: Final = 300
MEMORY: Final = 1_000  # frames that can be repeated
POLICY: Final = 1008
GOING_AWAY: Final = 1001
GARBAGE: Final = (
    "{",
    "null",
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":"soon"}}',
    "\x00\x01",
    "[" * 200,
)


class Session:
    """A socket after its upgrade: it tells what is due, hears the peer, and obeys orders."""

    def __init__(self, venue: str, wire: Wire, terms: StreamTerms) -> None:
        self.venue, self.wire, self.terms = venue, wire, terms
        self.pump = Pump()
        self.opened_us = terms.now_us()
        self.orders: deque[Order] = deque()
        self.memory: deque[str] = deque(maxlen=MEMORY)
        self.skipping = 0
        self.told = 0
        self.silent = False
        self.paused_until_us = 0
        self.farewell: Callable[[], str] = str  # the venue's words before a shutdown; none by default

    async def run(self, heard: Callable[[str | bytes], Coroutine[Any, Any, None]]) -> None:
        """Until either side ends it; ``heard`` answers one message of the peer."""
        listener = asyncio.ensure_future(self._listen(heard))
        try:
            while not listener.done():
                while self.orders:
                    await self._obey(self.orders.popleft())
                await self._tell()
        except Gone:
            pass
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError, Gone):
                await listener

    async def end(self, code: int, reason: str = "") -> None:
        """Close, and stop both loops."""
        self.terms.counts["disconnects"] += 1
        await self.wire.close(code, reason)
        raise Gone

    async def say(self, frames: Iterable[str]) -> None:
        """Frames that count, unless an order says to lose some."""
        found = list(frames)
        if self.skipping:
            lost, found = found[: self.skipping], found[self.skipping :]
            self.skipping -= len(lost)
            self.terms.counts["skipped"] += len(lost)
        self.memory.extend(found)
        self.told += len(found)
        self.terms.counts["frames"] += len(found)
        await self.wire.say(found)

    async def _listen(self, heard: Callable[[str | bytes], Coroutine[Any, Any, None]]) -> None:
        with suppress(Gone):
            while not self.silent:
                await heard(await self.wire.hear())

    async def _tell(self) -> None:
        now_us, limits = self.terms.now_us(), self.terms.limits
        if now_us - self.opened_us > limits.session_seconds * MICROSECONDS:
            await self.end(GOING_AWAY, "the connection's time is over")
        if self.pump.late_us(now_us) > limits.lag_seconds * MICROSECONDS:
            await self.end(POLICY, "the peer reads too slowly")
        frames = self.pump.due(now_us) if now_us >= self.paused_until_us else []
        if frames:
            await self.say(frames)
        late = self.pump.late_us(self.terms.now_us()) / MICROSECONDS
        await asyncio.sleep(0 if len(frames) >= BURST else min(IDLE_SECONDS, max(TICK_SECONDS, -late)))

    async def _obey(self, order: Order) -> None:
        self.terms.counts[order.do] += 1
        match order.do:
            case "disconnect":
                await self.end(int(order.value))
            case "half_open":
                self.silent = True
                await self.wire.fall_silent(SILENT_SECONDS)
                raise Gone
            case "shutdown":
                if self.farewell():
                    await self.wire.say([self.farewell()])
                asyncio.get_running_loop().call_later(order.value, self.orders.append, _CLOSED)
            case "garbage":
                await self.wire.say(GARBAGE)
                await self.wire.say_bytes(b"\xff\xfe\x00")
            case "skip":
                self.skipping += int(order.value)
            case "repeat":
                await self.wire.say(list(self.memory)[-int(order.value) or MEMORY :])
            case "pause":
                self.paused_until_us = self.terms.now_us() + int(order.value * MICROSECONDS)


_CLOSED: Final = Order("disconnect", None, None, GOING_AWAY)


class Sessions:
    """All open sockets, and how many upgrades each address has asked for."""

    def __init__(self, terms: StreamTerms) -> None:
        self.terms = terms
        self.open: list[Session] = []
        self.attempts: dict[str, deque[float]] = {}

    async def admit(self, wire: Wire, client: str) -> bool:
        """Whether an upgrade may go on; refused by plan, or for too many of them, it is answered here."""
        limits, refusals = self.terms.limits, self.terms.refusals
        seen = self.attempts.setdefault(client, deque())
        now = self.terms.market.now()
        while seen and seen[0] <= now - limits.connections_seconds:
            seen.popleft()
        seen.append(now)
        if refusals.times > 0:
            refusals.times -= 1
            self.terms.counts["refused"] += 1
            await wire.refuse(refusals.status, "refused by plan")
            return False
        if len(seen) > limits.connections:
            self.terms.counts["refused"] += 1
            await wire.refuse(429, "Too many connection attempts; wait five minutes.")
            return False
        self.terms.counts["connects"] += 1
        return True

    async def serve(
        self, session: Session, heard: Callable[[str | bytes], Coroutine[Any, Any, None]]
    ) -> None:
        """Run a session, known to the register while it is open."""
        self.open.append(session)
        try:
            await session.run(heard)
        finally:
            self.open.remove(session)

    def order(self, order: Order) -> int:
        """Give an order to the oldest sockets that it is for; returns to how many."""
        meant = [found for found in self.open if order.venue in {None, found.venue} and not found.silent]
        meant = meant[: order.connections]
        for session in meant:
            session.orders.append(order)
        return len(meant)

    def described(self) -> list[dict[str, Any]]:
        """The open sockets, oldest first."""
        return [
            {
                "venue": session.venue,
                "streams": len(session.pump.channels),
                "frames": session.told,
                "opened_us": session.opened_us,
                "silent": session.silent,
            }
            for session in self.open
        ]
