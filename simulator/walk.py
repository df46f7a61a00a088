"""One asset's prices and trades: a pure function of (seed, asset, time), cheap at any zoom.

Time is cut into days, days into quarters, and so on down to slots of five seconds. A day draws its
bar from the seed alone; every smaller bucket is its parent *split*: the children chain from the
parent's open to its close, reach its high and low, and add up to its volume and trades exactly. So
bars of every size agree with each other, and a bar costs one path down the tree, not its history.
"""

import hashlib
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

LEVELS: Final = (86_400, 21_600, 3_600, 900, 300, 60, 5)
SLOT_SECONDS: Final = LEVELS[-1]
ANCHOR_DAY: Final = 20_777  # 2026-11-20, the day of the prices in coins.py
OCTAVES: Final = 7  # the slowest swing takes a new draw every 64 days
WICK: Final = 0.2  # how far, in the parent's range over the root of the count, a child may stick out
KEPT_SPLITS: Final = 1_024  # per asset: enough for 300 one-minute buckets and a day of quotes


def draws(*place: object, count: int) -> tuple[float, ...]:
    """``count`` numbers in [0, 1) that belong to ``place`` and to nothing else: the only chance here."""
    name = "/".join(map(str, place)).encode()
    numbers = struct.unpack(f"<{count}I", hashlib.shake_128(name).digest(4 * count))
    return tuple(number / 2**32 for number in numbers)


class Bar(NamedTuple):
    """Prices in USD of one bucket that traded; volume is counted in the asset's smallest step."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    trades: int

    def scaled(self, factor: float) -> "Bar":
        """The same trades at prices ``factor`` times as high."""
        return Bar(
            self.open * factor,
            self.high * factor,
            self.low * factor,
            self.close * factor,
            self.volume,
            self.trades,
        )


def joined(bars: Iterable[Bar]) -> Bar | None:
    """Neighbouring bars, oldest first, as one; None if nothing traded."""
    found = list(bars)
    if not found:
        return None
    return Bar(
        found[0].open,
        max(bar.high for bar in found),
        min(bar.low for bar in found),
        found[-1].close,
        sum(bar.volume for bar in found),
        sum(bar.trades for bar in found),
    )


@dataclass(frozen=True, slots=True)
class Temper:
    """How an asset trades: price in USD at the anchor, daily volatility, trades and steps a day."""

    price: float
    volatility: float
    trades: int
    volume: int


class Walk:
    """The seeded tree of bars of one asset; every method answers the same for ever."""

    def __init__(self, key: str, temper: Temper) -> None:
        self.key = key
        self.temper = temper
        self.day = lru_cache(maxsize=2_048)(self._day)
        self.level = lru_cache(maxsize=2_048)(self._level)
        self.swing = lru_cache(maxsize=2_048)(self._swing)
        self.lattice = lru_cache(maxsize=2_048)(self._lattice)
        self.children = lru_cache(maxsize=KEPT_SPLITS)(self._children)

    def node(self, level: int, index: int) -> Bar | None:
        """The whole bucket number ``index`` (since 1970) of ``LEVELS[level]`` seconds."""
        if level == 0:
            return self.day(index)
        parent, place = divmod(index, LEVELS[level - 1] // LEVELS[level])
        return self.children(level - 1, parent)[place]

    def last(self, seconds: float) -> float:
        """The last price at a time: the close of the last slot that traded and ended by then."""
        for level, size in enumerate(LEVELS):
            # a bucket that ends right then has that close too, and is reached with fewer steps
            bar = self.node(level, int(seconds // size) - 1) if seconds % size == 0 else None
            if bar is not None:
                return bar.close
        slot = self.node(len(LEVELS) - 1, self.last_slot(seconds))
        return slot.close if slot else math.nan

    def last_slot(self, seconds: float) -> int:
        """The number of the newest slot that traded and ended by ``seconds``; each day has one."""
        day = int(seconds // LEVELS[0])
        while (found := self._last_in(0, day, seconds)) is None:
            day -= 1
        return found

    def _last_in(self, level: int, index: int, seconds: float) -> int | None:
        if index * LEVELS[level] >= seconds or self.node(level, index) is None:
            return None
        if level == len(LEVELS) - 1:
            return index if (index + 1) * SLOT_SECONDS <= seconds else None
        fan = LEVELS[level] // LEVELS[level + 1]
        for child in range((index + 1) * fan - 1, index * fan - 1, -1):
            found = self._last_in(level + 1, child, seconds)
            if found is not None:
                return found
        return None

    def _level(self, day: int) -> float:
        """The price in USD as ``day`` begins: swings of 1, 2, 4 … 64 days around the anchor."""
        return self.temper.price * math.exp(self.swing(day) - self.swing(ANCHOR_DAY))

    def _swing(self, day: int) -> float:
        total = 0.0
        for octave in range(OCTAVES):
            lattice, rest = divmod(day, 2**octave)
            share = rest / 2**octave
            before, after = self.lattice(octave, lattice), self.lattice(octave, lattice + 1)
            total += math.sqrt(2**octave) * ((1 - share) * before + share * after - 0.5)
        # uniform draws of these octaves add up to daily moves of 0.577 times their amplitude
        return total * self.temper.volatility / 0.577

    def _lattice(self, octave: int, index: int) -> float:
        return draws(self.key, "swing", octave, index, count=1)[0]

    def _day(self, index: int) -> Bar:
        up, down, busy, heavy = draws(self.key, "day", index, count=4)
        start, end = self.level(index), self.level(index + 1)
        trades = max(1, round(self.temper.trades * (0.5 + busy)))
        return Bar(
            start,
            max(start, end) * (1 + self.temper.volatility * up),
            min(start, end) / (1 + self.temper.volatility * down),
            end,
            trades + round(self.temper.volume * (0.5 + heavy)),
            trades,
        )

    def _children(self, level: int, index: int) -> tuple[Bar | None, ...]:
        fan = LEVELS[level] // LEVELS[level + 1]
        parent = self.node(level, index)
        if parent is None:
            return (None,) * fan
        chance = draws(self.key, level, index, count=5 * fan)
        busy, heavy, path, up, down = (chance[part * fan : (part + 1) * fan] for part in range(5))
        trades = shared(parent.trades, [0.5 + draw * draw for draw in busy])
        extra = shared(
            parent.volume - parent.trades, [n * (0.5 + u) for n, u in zip(trades, heavy, strict=True)]
        )
        traded = [place for place, count in enumerate(trades) if count]
        prices = split_prices(parent, path[: len(traded)], up, down)
        children: list[Bar | None] = [None] * fan
        for place, (begin, high, low, end) in zip(traded, prices, strict=True):
            children[place] = Bar(begin, high, low, end, trades[place] + extra[place], trades[place])
        return tuple(children)


def shared(total: int, weights: list[float]) -> list[int]:
    """``total`` whole things in proportion to ``weights``, none lost; weight 0 gets none."""
    sums = list(accumulate(weights))
    edges = [0, *(math.floor(total * part / sums[-1]) for part in sums)]
    return [after - before for before, after in pairwise(edges)]


def split_prices(
    parent: Bar, path: tuple[float, ...], up: tuple[float, ...], down: tuple[float, ...]
) -> list[tuple[float, float, float, float]]:
    """(open, high, low, close) of ``len(path)`` children that chain and together span ``parent``."""
    wick = WICK * (parent.high - parent.low) / math.sqrt(len(path))
    pairs = list(pairwise(_points(parent, path)))
    highs = [min(parent.high, max(pair) + wick * draw) for pair, draw in zip(pairs, up, strict=False)]
    lows = [max(parent.low, min(pair) - wick * draw) for pair, draw in zip(pairs, down, strict=False)]
    highs[highs.index(max(highs))] = parent.high
    lows[lows.index(min(lows))] = parent.low
    return [(pair[0], high, low, pair[1]) for pair, high, low in zip(pairs, highs, lows, strict=True)]


def _points(parent: Bar, path: tuple[float, ...]) -> list[float]:
    """The prices between the children: a bridge from open to close that visits both extremes.

    Without the visits an extreme would end as the long wick of one five-second slot.
    """
    count = len(path)
    reach = parent.high - parent.low
    points = [parent.open]
    for step in range(1, count):
        drift = parent.open + (parent.close - parent.open) * step / count
        swing = (path[step] - 0.5) * reach * math.sqrt(step * (count - step)) / count
        points.append(min(parent.high, max(parent.low, drift + swing)))
    points.append(parent.close)
    inner = sorted(range(1, count), key=points.__getitem__)
    if inner and max(points) < parent.high:
        points[inner[-1]] = parent.high
    if len(inner) > 1 and min(points) > parent.low:
        points[inner[0]] = parent.low
    return points
