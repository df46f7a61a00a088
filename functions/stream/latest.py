"""The newest price of each stream, in DynamoDB. The only file that speaks to DynamoDB.

stream (hash key), event_time, price, received_at, expires_at and what else the frame tells, as numbers
of the venue's own digits; source, symbol; of trades ``uploaded_id``: up to it all of them are in S3.

A price that is not of this day, or lies ahead, is none: to a new subscriber a venue tells the last trade of
an idle market, days old, and one frame with a wrong clock must not outlast all that come after it. Only the
newest of a stream is written, at most once in ``every_seconds`` and no more than
``MAX_PER_SECOND`` of all streams together, so a slow table costs freshness, never memory.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.items import Item, batch_get, serialize
from coinlake.observability import logger
from coinlake.retries import LATEST_PRICE
from coinlake.stores import error_code
from stream.frames import NO_PRICE, Price
from stream.metrics import Counters
from stream.streams import Stream
from stream.venues import venue

MAX_PER_SECOND: Final = 50
MAX_CONCURRENT: Final = 4
TICK_SECONDS: Final = 0.25
STALE: Final = "ConditionalCheckFailedException"
MALFORMED: Final = "ValidationException"
TRADES: Final = "trades"
_MICROS: Final = 1_000_000
SKEW_MICROS: Final = 300 * _MICROS  # how far clocks may differ; transform allows as much


@dataclass(frozen=True, slots=True)
class LatestTable:
    """The table; every call blocks."""

    client: Any
    name: str
    ttl_seconds: int

    def put(
        self, source: str, stream: str, price: Price, received_at: int, uploaded_id: int | None = None
    ) -> bool:
        """Whether it is the newest; ``StoreUnavailable``, or ``ValueError`` for a price that is none.

        A row that has expired is overwritten, for DynamoDB deletes it days later, and so is one that
        lies ahead of every clock.
        """
        event_time, ahead = price.event_time, received_at + SKEW_MICROS
        if not received_at - self.ttl_seconds * _MICROS <= event_time <= ahead:
            return False
        values = {":e": event_time, ":now": received_at // _MICROS, ":ahead": ahead}
        try:
            self.client.put_item(
                TableName=self.name,
                Item=self._item(source, stream, price, received_at, uploaded_id),
                ConditionExpression=(
                    "attribute_not_exists(#s) OR event_time < :e OR expires_at <= :now OR event_time > :ahead"
                ),
                ExpressionAttributeNames={"#s": "stream"},
                ExpressionAttributeValues=serialize(values),
            )
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if code == STALE:
                return False
            if code == MALFORMED:
                raise ValueError(code) from error
            raise StoreUnavailable(f"could not write to table {self.name}: {code}") from error
        return True

    def _item(
        self, source: str, stream: str, price: Price, received_at: int, uploaded_id: int | None
    ) -> Item:
        """The row, numbers as the venue wrote them; ``ValueError`` where one is none, or not finite."""
        row = {
            "stream": stream,
            "source": source,
            "symbol": price.symbol,
            "event_time": price.event_time,
            "price": _number(price.price),
            "received_at": received_at,
            "expires_at": received_at // _MICROS + self.ttl_seconds,
            **{name: _number(value) for name, value in price.details.items()},
        }
        return serialize(row if uploaded_id is None else {**row, "uploaded_id": uploaded_id})

    def recall(self, streams: Mapping[str, str]) -> dict[str, dict[str, int]]:
        """What an earlier collector left of each stream: ``received_at`` and, of trades, ``uploaded_id``.

        ``streams`` are by name, each with its source: a row of another one, as of a host that was changed, is
        none of the stream's.
        """
        keys = [{"stream": name} for name in streams]
        return {
            row["stream"]: {name: int(row[name]) for name in ("received_at", "uploaded_id") if name in row}
            for row in batch_get(self.client, self.name, keys, "the latest prices")
            if row.get("source", streams[row["stream"]]) == streams[row["stream"]]
        }


@dataclass(slots=True)
class LatestWriter:
    """``streams`` are those of the intake; ``uploaded`` gives the last trade of a source's market up to which
    all are in S3. A frame's price is read from it when it is written or shown."""

    table: LatestTable
    streams: Mapping[tuple[str, str], Stream]
    counters: Counters
    threads: Executor
    every_seconds: float
    uploaded: Callable[[str, str], int | None]
    _dirty: dict[Stream, None] = field(default_factory=dict)
    _written: dict[Stream, float] = field(default_factory=dict)
    _failed: int = 0

    def note(self, stream: Stream) -> None:
        """The stream has a newer frame."""
        self._dirty[stream] = None

    def lag_seconds(self) -> float:
        """How much later than its event time the newest frame came; 0 where there is none to tell.

        A trade from before its market was listened to, of any age, tells no lag.
        """
        newest = max(self.streams.values(), key=lambda stream: stream.received_at, default=None)
        price = None if newest is None else shown_price(newest)
        if newest is None or price is None:
            return 0.0
        lag = (newest.received_at - price.event_time) / _MICROS
        return lag if 0.0 <= lag <= self.table.ttl_seconds else 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS if not self._failed else self._pause_seconds())
            await self._write(self._due(time.monotonic()))

    def _due(self, now: float) -> list[Stream]:
        """Those that waited longest, as many as a tick may write."""
        due = [
            stream
            for stream in self._dirty
            if now - self._written.get(stream, -self.every_seconds) >= self.every_seconds
        ]
        return due[: max(1, int(MAX_PER_SECOND * TICK_SECONDS))]

    async def _write(self, streams: list[Stream]) -> None:
        for first in range(0, len(streams), MAX_CONCURRENT):
            batch = streams[first : first + MAX_CONCURRENT]
            for stream in batch:
                del self._dirty[stream]
                self._written[stream] = time.monotonic()
            await asyncio.gather(*(self._put(stream) for stream in batch))

    async def _put(self, stream: Stream) -> None:
        source, received_at = stream.source, stream.received_at
        uploaded = self.uploaded(source, stream.market) if stream.dataset == TRADES else None
        loop = asyncio.get_running_loop()
        try:
            price = venue(source).price(stream.frame, received_at)
            written = await loop.run_in_executor(
                self.threads, self.table.put, source, stream.name, price, received_at, uploaded
            )
        except StoreUnavailable as error:
            self.counters.latest_errors += 1
            self._failed += 1
            self._dirty.setdefault(stream)
            self._written.pop(stream, None)
            logger.warning("latest price not written", stream=stream.name, error=str(error))
        except NO_PRICE as error:
            self.counters.latest_errors += 1
            logger.warning("no price in a frame", stream=stream.name, error=type(error).__name__)
        else:
            self._failed = 0
            self.counters.latest_written += written
            self.counters.latest_stale += not written

    def _pause_seconds(self) -> float:
        return TICK_SECONDS + LATEST_PRICE.seconds(self._failed)


def shown_price(stream: Stream) -> Price | None:
    """The price in the stream's newest frame; None where it shows none."""
    try:
        return venue(stream.source).price(stream.frame, stream.received_at)
    except NO_PRICE:
        return None


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a price that is not a number") from None
