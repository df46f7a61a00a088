"""Asking REST for exactly the trades that are missing, by their ids or, where that cannot be, by time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from coinlake.errors import SourceUnavailable

MICROS: Final = 1_000_000
FIRST_STEP_SECONDS: Final = 60  # how far before its discovery a hole is looked for first
STEP_FACTOR: Final = 4  # how much farther each next time
MIN_SPAN_MICROS: Final = 1000  # what is not halved any more
MAX_REQUESTS: Final = 60  # of one search or walk: 12 steps reach back for years, 40 halvings to a millisecond
MAX_CURSORS: Final = 16


@dataclass(frozen=True, slots=True)
class Hole:
    """Missing trades of a market, both ids inclusive; they happened before ``found_at``, in microseconds
    since 1970."""

    market: str
    first: int
    last: int
    found_at: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def inside(self, ids: list[int]) -> list[int]:
        return [number for number in ids if self.first <= number <= self.last]


@dataclass(frozen=True, slots=True)
class TradesPage:
    """One answer as received, the ids of its trades in its order, and the cursor after its last."""

    url: str
    body: bytes
    fetched_at: datetime
    ids: list[int]
    cursor: str


@dataclass(slots=True)
class RestTrades:
    """One market's trades by REST: ``get`` asks for a path, in its turn; ``cursors`` remembers after which
    trade which cursor begins."""

    get: Callable[[str], Awaitable[TradesPage]]
    cursors: dict[int, str] = field(default_factory=dict)

    def remember(self, page: TradesPage) -> None:
        if page.ids and page.cursor:
            self.cursors[page.ids[-1]] = page.cursor
            while len(self.cursors) > MAX_CURSORS:
                del self.cursors[next(iter(self.cursors))]


async def by_id(
    hole: Hole, rest: RestTrades, path: Callable[[int, int], str], *, newest_first: bool = False
) -> TradesPage:
    """For REST that gives so many trades from one id on, or so many that end with one.

    ``path`` is of the request for the trades from its first to its second id. Where ids are left out at
    the venue, a page that is as long as the hole reaches beyond it: then fewer are asked for.
    """
    first, last = hole.first, hole.last
    while True:
        page = await rest.get(path(first, last))
        inside = hole.inside(page.ids)
        if len(inside) == len(page.ids) or not inside or len(inside) > last - first:
            return page
        if newest_first:
            first = last - len(inside) + 1
        else:
            last = first + len(inside) - 1


async def by_time(
    hole: Hole,
    rest: RestTrades,
    path: Callable[[str, int], str],
    cursor_at: Callable[[int], str],
    max_trades: int,
) -> TradesPage:
    """For REST that gives so many trades after a cursor, oldest first, and the cursor after the last.

    ``path`` is of the request for so many trades after a cursor, ``cursor_at`` the cursor of a moment in
    microseconds since 1970. First the trade before the hole is looked for, then asked for as the last of
    a page, whose cursor is where the hole begins: exactly, even if many trades have one time.
    """
    cursor = await _cursor_before(hole, rest, path, cursor_at, max_trades)
    count = len(hole)
    while True:
        page = await rest.get(path(cursor, count))
        beyond = sum(number > hole.last for number in page.ids)
        if not beyond or beyond == len(page.ids) or len(page.ids) - beyond >= count:
            rest.remember(page)
            return page
        count = len(page.ids) - beyond


async def _cursor_before(
    hole: Hole,
    rest: RestTrades,
    path: Callable[[str, int], str],
    cursor_at: Callable[[int], str],
    max_trades: int,
) -> str:
    """The cursor after the last trade before the hole: one that is remembered, or one that is looked for,
    backwards from the hole's discovery in growing steps, then by halving what lies between."""
    near = [number for number in rest.cursors if hole.first - max_trades <= number < hole.first]
    if near:
        return await _page_on(hole, rest, path, rest.cursors[max(near)], hole.first - 1 - max(near))
    early: int | None = None
    late, step = hole.found_at, FIRST_STEP_SECONDS * MICROS
    for _ in range(MAX_REQUESTS):
        moment = max(0, hole.found_at - step) if early is None else (early + late) // 2
        page = await rest.get(path(cursor_at(moment), max_trades))
        before = sum(number < hole.first for number in page.ids)
        if not before:
            late, step = moment, step * STEP_FACTOR
        elif before < len(page.ids) or before < max_trades:
            return await _page_on(hole, rest, path, cursor_at(moment), before)
        elif late - moment <= MIN_SPAN_MICROS:
            return await _page_on(hole, rest, path, page.cursor, max_trades)
        else:
            early = moment
    raise _not_found(hole)


async def _page_on(
    hole: Hole, rest: RestTrades, path: Callable[[str, int], str], cursor: str, count: int
) -> str:
    """The same, from a cursor that is not after it: ``count`` trades further at a time."""
    if not count:
        return cursor
    for _ in range(MAX_REQUESTS):
        page = await rest.get(path(cursor, count))
        before = sum(number < hole.first for number in page.ids)
        if not before:
            return cursor
        if before < len(page.ids):
            count = before  # the answer reaches into the hole: end it before
            continue
        cursor = page.cursor
        if page.ids[-1] == hole.first - 1 or len(page.ids) < count:
            return cursor
    raise _not_found(hole)


def _not_found(hole: Hole) -> SourceUnavailable:
    return SourceUnavailable(f"no trade of {hole.market} before {hole.first} in {MAX_REQUESTS} answers")
