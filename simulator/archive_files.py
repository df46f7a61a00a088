"""Binance's bulk files: which exist, when they are published, what is wrong with three of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from simulator.binance_klines import MICROSECOND, MILLISECOND, present, row
from simulator.binance_symbols import Symbol, Symbols
from simulator.spans import DAY, HOUR, INTERVALS, MONTH, month_start, openings
from simulator.walk import draws

FILE_MONTH: Final = "1mo"  # the month's name here, because file systems may not tell 1M from 1m
MONTHLY_ONLY: Final = {"3d", "1w", MONTH}
PUBLISHED_AT: Final = 4 * HOUR  # in the night after
MICROSECONDS_FROM: Final = 1_735_689_600  # 2025-01-01
FLAWED_FROM: Final = 1_704_067_200  # the flawed days lie in 2024
HOLE: Final = (10 * HOUR, 13 * HOUR)
DATES: Final = {"daily": r"\d{4}-\d{2}-\d{2}", "monthly": r"\d{4}-\d{2}"}

Kind = Literal["checksum", "hole", "missing"]
KINDS: Final[tuple[Kind, ...]] = ("checksum", "hole", "missing")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a symbol's files of one day."""

    kind: Kind
    symbol: str
    day: int


@dataclass(frozen=True, slots=True)
class File:
    """One zip: a symbol's klines of the buckets that begin in [start, end)."""

    name: str
    symbol: Symbol
    interval: str
    daily: bool
    start: int
    end: int

    @property
    def published(self) -> int:
        """The night after the day, or the first Monday after the month."""
        monday = 0 if self.daily else -datetime.fromtimestamp(self.end, UTC).weekday() % 7
        return self.end + monday * DAY + PUBLISHED_AT

    def flawed(self, kind: Kind, flaws: Iterable[Flaw]) -> Flaw | None:
        """The flaw of a kind that touches this file."""
        own = (flaw for flaw in flaws if flaw.kind == kind and flaw.symbol == self.symbol.name)
        return next((flaw for flaw in own if self.start <= flaw.day < self.end), None)


def flaws(seed: int, symbols: Symbols) -> tuple[Flaw, ...]:
    """One of each kind, by the seed.

    A day whose checksum is wrong and a day that is missing (the months that hold them are fine), and
    three hours that are in neither file (though the API has them).
    """
    names = list(symbols)[:20]
    found = []
    for kind in KINDS:
        which, when = draws(seed, "archive", kind, count=2)
        found.append(Flaw(kind, names[int(which * len(names))], FLAWED_FROM + int(when * 366) * DAY))
    return tuple(found)


def find(symbols: Symbols, period: str, symbol: str, interval: str, name: str) -> File | None:
    """The file of a path, whether published or not; None if no such file can be."""
    spelled = MONTH if interval == FILE_MONTH else interval if interval != MONTH else ""
    pattern = f"{re.escape(symbol)}-{re.escape(interval)}-({DATES.get(period, '$')})\\.zip"
    match = re.fullmatch(pattern, name, re.ASCII)
    if symbol not in symbols or spelled not in INTERVALS or match is None:
        return None
    daily = period == "daily"
    if daily and spelled in MONTHLY_ONLY:
        return None
    try:
        first = date.fromisoformat(match[1] if daily else f"{match[1]}-01")
    except ValueError:
        return None
    start = month_start(first.year, first.month) + (first.day - 1) * DAY
    end = start + DAY if daily else month_start(first.year, first.month + 1)
    return File(name, symbols[symbol], spelled, daily, start, end)


def text(file: File, flawed: Iterable[Flaw]) -> str:
    """The rows as CSV without a header; times in milliseconds, from 2025 on in microseconds."""
    hole = file.flawed("hole", flawed)
    lines = []
    for kline in present(
        file.symbol, file.interval, openings(file.interval, file.start, file.end), file.published
    ):
        if hole and _within(hole, kline.start, kline.end):
            continue
        unit = MICROSECOND if kline.start >= MICROSECONDS_FROM else MILLISECOND
        lines.append(",".join(map(str, row(file.symbol, kline, unit))))
    return "".join(f"{line}\n" for line in lines)


def _within(hole: Flaw, start: int, end: int) -> bool:
    return hole.day + HOLE[0] <= start and end <= hole.day + HOLE[1]
