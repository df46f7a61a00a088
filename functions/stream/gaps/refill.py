"""Trades that no socket brought, from REST: exactly the missing ids, and none of them twice.

While they are asked for, the ids count as accounted for, so a frame that comes late after all is dropped.
What is answered goes through the spool like everything else, and what cannot be had becomes a gap.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from coinlake.errors import CoinlakeError, SourceRefused, SourceUnavailable
from coinlake.http import OK, HttpClient, HttpResponse
from coinlake.keys import RawKey, Slot
from coinlake.observability import logger
from coinlake.retries import TRADE_REFILL
from stream.gaps import gap_records
from stream.gaps.gap_records import Gap
from stream.gaps.ids import Ids, Market
from stream.intake import Intake
from stream.spool.files import SpoolFile
from stream.spool.spool import Spool
from stream.timeouts import Timeouts
from stream.venues import Venue
from stream.venues.rest_trades import Hole, RestTrades, TradesPage

DATASET: Final = "trade_history"
MAX_TRADES: Final = 500_000  # of one hole: what is older is for the archive, and a gap until then
MAX_RESPONSE_BYTES: Final = 4 << 20
RESPONSE_SECONDS: Final = 15.0
WAIT_SECONDS: Final = 5.0  # where the venue asks to wait, and does not say how long
_TO_WAIT: Final = frozenset({408, 418, 429})
_SERVER_ERRORS: Final = range(500, 600)


class Incomplete(SourceRefused):
    """REST answers, but does not have the trades."""


class Throttled(SourceUnavailable):
    """The venue asks to wait ``wait_seconds``."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class Refiller:
    """One venue's. ``pause_seconds`` is before each request; ``bases`` are the venue's ids of the
    configured assets, ``streams`` the stream of each market; ``upload`` takes a stored file."""

    venue: Venue
    http: HttpClient
    intake: Intake
    spool: Spool
    timeouts: Timeouts
    pause_seconds: float
    bases: Collection[str]
    streams: Mapping[str, str]
    threads: Executor
    disk: Executor
    upload: Callable[[SpoolFile], None]
    _first_seen: dict[tuple[str, int, int], tuple[float, int]] = field(default_factory=dict)
    _rest: dict[str, RestTrades] = field(default_factory=dict)
    _tries: dict[str, int] = field(default_factory=dict)
    _not_before: float = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self.timeouts.settle_seconds / 2)
            for hole in self._settled():
                if time.monotonic() >= self._not_before:
                    await self._refill(hole)

    def _settled(self) -> list[Hole]:
        """The holes that are old enough."""
        now = (time.monotonic(), time.time_ns() // 1000)
        missing = [
            (market, first, last)
            for source, market, first, last in self.intake.trades.missing()
            if source == self.venue.source
        ]
        self._first_seen = {ids: self._first_seen.get(ids, now) for ids in missing}
        return [
            Hole(*ids, found_at)
            for ids, (since, found_at) in self._first_seen.items()
            if now[0] - since >= self.timeouts.settle_seconds
        ]

    async def _refill(self, hole: Hole) -> None:
        """One hole, page by page."""
        market, first, last = hole.market, hole.first, hole.last
        if len(hole) > MAX_TRADES:
            self._give_up(market, first, last - MAX_TRADES, "too many to refill")
            first = last - MAX_TRADES + 1
        # While a page was asked for, a frame may have come late: what is missing is looked up each time.
        while missing := next(self.intake.trades.missing_within(self._key(market), first, last), None):
            end = min(missing[1], missing[0] + self.venue.max_trades - 1)
            if not await self._refill_page(Hole(market, missing[0], end, hole.found_at)):
                return

    async def _refill_page(self, page: Hole) -> bool:
        """Whether every id of the page is accounted for now; until then they are counted as missing."""
        self.intake.counters.refilling += len(page)
        try:
            return await self._request(page)
        finally:
            self.intake.counters.refilling -= len(page)

    async def _request(self, hole: Hole) -> bool:
        trades, key, ids = self.intake.trades, self._key(hole.market), (hole.first, hole.last)
        trades.add_range(key, *ids)
        try:
            page = await self.venue.fetch_trades(hole, self._rest_trades(hole.market))
            received = Ids((number, number) for number in hole.inside(page.ids))
            if received:
                await self._store(hole.market, page, received)
        except (CoinlakeError, OSError) as error:
            self._not_before = time.monotonic() + max(
                self.timeouts.refill_retry_seconds,
                error.wait_seconds if isinstance(error, Throttled) else 0.0,
            )
            logger.warning(
                "refill failed", market=hole.market, first=hole.first, last=hole.last, error=str(error)
            )
            trades.reopen(key, ids, Ids())
            if isinstance(error, SourceRefused):
                self._count_try(hole, str(error))
            return False
        self.intake.counters.refilled += len(received)
        if len(received) == len(hole):
            self._tries.pop(hole.market, None)
            return True
        self._not_before = time.monotonic() + self.timeouts.refill_retry_seconds
        trades.reopen(key, ids, received)
        self._count_try(hole, "REST does not have them")
        return False

    def _rest_trades(self, market: str) -> RestTrades:
        async def get(path: str) -> TradesPage:
            await asyncio.sleep(self.pause_seconds)
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self.threads, self.http.get, path, {}, RESPONSE_SECONDS)
            if response.status != OK:
                raise self._to_error(response, path)
            try:
                ids, cursor = self.venue.read_trades(response.body)
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                raise Incomplete(f"{self.venue.source}: no list of trades of {market}") from error
            return TradesPage(response.url, response.body, response.fetched_at, ids, cursor)

        return self._rest.setdefault(market, RestTrades(get))

    def _to_error(self, response: HttpResponse, path: str) -> CoinlakeError:
        message = f"{self.venue.source}: HTTP {response.status} for {path[:80]}"
        if response.status in _TO_WAIT:
            wait_seconds = response.retry_after_seconds
            return Throttled(message, WAIT_SECONDS if wait_seconds is None else wait_seconds)
        return (SourceUnavailable if response.status in _SERVER_ERRORS else SourceRefused)(message)

    async def _store(self, market: str, page: TradesPage, ids: Ids) -> None:
        """The page as received, in the spool under a name that is decided now."""
        first = ids.ranges()[0][0]
        parts = (self.venue.pair(market, self.bases), str(first), str(len(ids)))
        key = RawKey(self.venue.source, DATASET, Slot(datetime.now(UTC).replace(microsecond=0), parts))
        file = self.spool.file(key, page.url)
        file.ids[market], file.rows = ids, len(ids)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.disk, self.spool.store, file, page.body, page.fetched_at)
        self.upload(file)

    def _count_try(self, hole: Hole, why: str) -> None:
        """Count a failed try; after the last one, give the missing trades of the hole up."""
        self._tries[hole.market] = self._tries.get(hole.market, 0) + 1
        if not TRADE_REFILL.is_exhausted(self._tries[hole.market]):
            return
        del self._tries[hole.market]
        missing = self.intake.trades.missing_within(self._key(hole.market), hole.first, hole.last)
        for first, last in list(missing):
            self._give_up(hole.market, first, last, why)

    def _give_up(self, market: str, first: int, last: int, why: str) -> None:
        logger.error("trades lost", source=self.venue.source, market=market, first=first, last=last, why=why)
        now = time.time_ns() // 1000
        stream = self.streams.get(market, market)
        gap = Gap(stream, gap_records.REFILL_FAILED, now, now, first, last, last - first + 1)
        self.intake.add_gap(self.venue.source, gap, now, given_up=market)
        self.intake.trades.add_range(self._key(market), first, last)
        self.intake.counters.refill_failed += last - first + 1

    def _key(self, market: str) -> Market:
        return (self.venue.source, market)
