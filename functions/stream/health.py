"""The collector's health, over HTTP on this host only: ``/healthz`` and, for the live table, ``/streams``."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from stream.latest import LatestWriter
from stream.metrics import Counters

HOST: Final = "127.0.0.1"  # the container's own health check is the only one who asks
SILENT_SECONDS: Final = 300.0
_MICROS: Final = 1_000_000
_REQUEST_SECONDS: Final = 5.0


@dataclass(slots=True)
class Health:
    """``gauges`` gives what is measured, not counted: spool bytes, held bytes, missing trades."""

    counters: Counters
    latest: LatestWriter
    gauges: Callable[[], dict[str, float]]
    started: float = field(default_factory=time.time)

    @property
    def is_healthy(self) -> bool:
        """Whether a frame came, or the start was, within five minutes; else a restart may help."""
        last = max(self.started, self.counters.last_frame_at / _MICROS)
        return time.time() - last < SILENT_SECONDS

    def totals(self) -> dict[str, Any]:
        counted = asdict(self.counters)
        counted.pop("streams")
        return {"status": "ok" if self.is_healthy else "silent", **counted, **self.gauges()}

    def streams(self) -> list[dict[str, Any]]:
        """Each stream's newest price and how many frames it brought."""
        return [self._stream(source, stream) for source, stream in sorted(self.latest.newest)]

    def _stream(self, source: str, stream: str) -> dict[str, Any]:
        frame, received_at = self.latest.newest[source, stream]
        row = {"source": source, "stream": stream, "received_at": received_at}
        try:
            price = frame.price(frame, received_at)
            row |= {"symbol": price.symbol, "price": price.price, "event_time": price.event_time}
        except (KeyError, ValueError, ArithmeticError):
            row |= {"symbol": frame.market, "price": None, "event_time": received_at}
        return {**row, "frames": self.counters.streams.get(stream, 0)}

    async def serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._answer, HOST, port)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _REQUEST_SECONDS)
            status, body = self._route(head.split(b" ", 2)[1].decode("ascii", "replace"))
            data = json.dumps(body).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
                + data
            )
            await writer.drain()
        except (OSError, TimeoutError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # an incomplete request gets no response
        finally:
            writer.close()

    def _route(self, path: str) -> tuple[str, Any]:
        if path == "/healthz":
            return ("200 OK" if self.is_healthy else "503 Service Unavailable"), self.totals()
        if path == "/streams":
            return "200 OK", self.streams()
        return "404 Not Found", {"error": "ask for /healthz or /streams"}
