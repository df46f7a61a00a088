"""Trades that no socket brought, from REST: exactly the ids that are missing, never one twice.

While they are asked for, the ids count as taken, so a frame that comes late after all is dropped.
What is answered goes through the spool like everything else, and what cannot be had becomes a gap.
"""

import asyncio
import json
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from coinlake.errors import CoinlakeError, SourceRefused
from coinlake.keys import RawKey, Slot
from coinlake.observability import logger
from stream import evidence
from stream.evidence import Gap
from stream.files import SpoolFile
from stream.ids import Ids, Range
from stream.intake import Intake
from stream.pace import Pace
from stream.rest import Answer, Rest, Throttled
from stream.spool import Spool
from stream.venues import Venue

DATASET: Final = "trade_history"
MOST: Final = 500_000  # of one hole: what is older is for the archive, and a gap until then
TRIES: Final = 6  # of an id that REST does not have, or not yet

Hole = tuple[str, int, int]  # market, first and last id


class Incomplete(SourceRefused):
    """REST answers, but does not have the trades."""


@dataclass(slots=True)
class Refiller:
    """One venue's. ``assets`` are its ids of the configured assets; ``keep`` takes a stored file."""

    venue: Venue
    rest: Rest
    intake: Intake
    spool: Spool
    pace: Pace
    pause_seconds: float
    assets: Collection[str]
    streams: Mapping[str, str]
    threads: Executor
    disk: Executor
    keep: Callable[[SpoolFile], None]
    _since: dict[Hole, float] = field(default_factory=dict)
    _tried: dict[str, int] = field(default_factory=dict)
    _not_before: float = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self.pace.settle_seconds / 2)
            for market, first, last in self._settled():
                if time.monotonic() >= self._not_before:
                    await self._refill(market, first, last)

    def _settled(self) -> list[Hole]:
        """The holes that are old enough."""
        now = time.monotonic()
        holes = [
            (market, first, last)
            for source, market, first, last in self.intake.holes()
            if source == self.venue.source
        ]
        self._since = {hole: self._since.get(hole, now) for hole in holes}
        return [hole for hole, since in self._since.items() if now - since >= self.pace.settle_seconds]

    async def _refill(self, market: str, first: int, last: int) -> None:
        """One hole, page by page."""
        if last - first >= MOST:
            self._give_up(market, first, last - MOST, "too many to refill")
            first = last - MOST + 1
        while wanted := self._next_page(market, first, last):
            if not await self._page(market, wanted):
                return

    def _next_page(self, market: str, first: int, last: int) -> Range | None:
        """What is missing at this moment: while another page was asked for, a frame may have come late."""
        for low, high in self.intake.taken[self.venue.source, market].holes():
            if high >= first and low <= last:
                start = max(low, first)
                return start, min(high, last, start + self.venue.page - 1)
        return None

    async def _page(self, market: str, wanted: Range) -> bool:
        """Whether every id of the page is accounted for now; until then they count as missing."""
        count = wanted[1] - wanted[0] + 1
        self.intake.counters.refilling += count
        try:
            return await self._asked(market, wanted)
        finally:
            self.intake.counters.refilling -= count

    async def _asked(self, market: str, wanted: Range) -> bool:
        taken = self.intake.taken[self.venue.source, market]
        taken.add_range(*wanted)
        found = Ids()
        try:
            await asyncio.sleep(self.pause_seconds)
            answer, found = await self._exact(market, wanted)
            if found:
                await self._store(market, answer, found)
        except (CoinlakeError, OSError) as error:
            self._not_before = time.monotonic() + max(
                self.pace.refill_retry_seconds, error.wait_seconds if isinstance(error, Throttled) else 0.0
            )
            logger.warning("refill failed", market=market, first=wanted[0], last=wanted[1], error=str(error))
            self._release(market, wanted, Ids())
            if isinstance(error, SourceRefused):
                self._count(market, wanted, str(error))
            return False
        self.intake.counters.refilled += len(found)
        if len(found) == wanted[1] - wanted[0] + 1:
            self._tried.pop(market, None)
            return True
        self._not_before = time.monotonic() + self.pace.refill_retry_seconds
        self._release(market, wanted, found)
        self._count(market, wanted, "REST does not have them")
        return False

    async def _exact(self, market: str, wanted: Range) -> tuple[Answer, Ids]:
        """An answer with wanted trades only. Where ids are left out at the venue, a page that is as
        long as the hole reaches beyond it: then fewer are asked for."""
        loop, asked = asyncio.get_running_loop(), wanted
        while True:
            path = self.venue.trades_path(market, asked)
            answer = await loop.run_in_executor(self.threads, self.rest.get, path)
            numbers = self._numbers(answer, market)
            inside = [number for number in numbers if wanted[0] <= number <= wanted[1]]
            if len(inside) == len(numbers) or not inside:
                return answer, Ids((number, number) for number in inside)
            asked = self.venue.shorter(asked, len(inside))

    def _numbers(self, answer: Answer, market: str) -> list[int]:
        try:
            trades: list[Any] = json.loads(answer.body)
            return [self.venue.trade_id(trade) for trade in trades]
        except (ValueError, TypeError, KeyError) as error:
            raise Incomplete(f"{self.venue.source}: no list of trades of {market}") from error

    async def _store(self, market: str, answer: Answer, found: Ids) -> None:
        """The answer as received, in the spool under a name that is decided now."""
        first = found.ranges()[0][0]
        parts = (self.venue.sides(market, self.assets), str(first), str(len(found)))
        key = RawKey(self.venue.source, DATASET, Slot(datetime.now(UTC).replace(microsecond=0), parts))
        file = self.spool.file(key, answer.url)
        file.ids[market], file.rows = found, len(found)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.disk, self.spool.store, file, answer.body, answer.fetched_at)
        self.keep(file)

    def _release(self, market: str, wanted: Range, found: Ids) -> None:
        """What was not found is missing again."""
        taken = self.intake.taken[self.venue.source, market]
        taken.discard_range(*wanted)
        taken.update(found)
        self.intake.holed.add((self.venue.source, market))

    def _count(self, market: str, wanted: Range, why: str) -> None:
        """Give up what was asked for in vain often enough."""
        self._tried[market] = self._tried.get(market, 0) + 1
        if self._tried[market] < TRIES:
            return
        del self._tried[market]
        taken = self.intake.taken[self.venue.source, market]
        for first, last in taken.holes():
            low, high = max(first, wanted[0]), min(last, wanted[1])
            if low <= high:
                self._give_up(market, low, high, why)

    def _give_up(self, market: str, first: int, last: int, why: str) -> None:
        logger.error("trades lost", source=self.venue.source, market=market, first=first, last=last, why=why)
        now = time.time_ns() // 1000
        stream = self.streams.get(market, market)
        gap = Gap(stream, evidence.REFILL_FAILED, now, now, first, last, last - first + 1)
        self.intake.add_gap(self.venue.source, gap, now, given_up=market)
        self.intake.taken[self.venue.source, market].add_range(first, last)
        self.intake.counters.refill_failed += last - first + 1
