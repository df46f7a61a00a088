"""The collector's health, over HTTP on this host only: ``/healthz`` and, for the live table, ``/streams``."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from stream.latest import LatestWriter, shown_price
from stream.metrics import Counters
from stream.streams import Stream

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
        status = "ok" if self.is_healthy else "silent"
        return {"status": status, **asdict(self.counters), **self.gauges()}

    def streams(self) -> list[dict[str, Any]]:
        """Each stream's newest price and how many frames it brought."""
        return [_row(stream) for _, stream in sorted(self.latest.streams.items()) if stream.frames]

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


def _row(stream: Stream) -> dict[str, Any]:
    price = shown_price(stream)
    return {
        "source": stream.source,
        "stream": stream.name,
        "received_at": stream.received_at,
        "symbol": price.symbol if price else stream.market,
        "price": price.price if price else None,
        "event_time": price.event_time if price else stream.received_at,
        "frames": stream.frames,
    }
