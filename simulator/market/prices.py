"""One asset's prices and trades: a pure function of (seed, asset, time), cheap at any zoom.

Time is cut into days, days into quarters, and so on down to slots of five seconds. A day draws its
bar from the seed alone; every smaller bucket is its parent *split*: the children chain from the
parent's open to its close, reach its high and low, and add up to its volume and trades exactly. So
bars of every size agree with each other, and a bar costs one path down the tree, not its history.
"""

import hashlib
import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from simulator.market.bars import Bar, apportion, split_prices

LEVELS: Final = (86_400, 21_600, 3_600, 900, 300, 60, 5)
SLOT_SECONDS: Final = LEVELS[-1]
ANCHOR_DAY: Final = 20_777  # 2026-11-20, the day of the prices in coins.py
OCTAVES: Final = 7  # the slowest swing takes a new draw every 64 days


def draws(*name: object, count: int) -> tuple[float, ...]:
    """``count`` random numbers in [0, 1) that depend on ``name`` alone: the only randomness there is."""
    seed = "/".join(map(str, name)).encode()
    numbers = struct.unpack(f"<{count}I", hashlib.shake_128(seed).digest(4 * count))
    return tuple(number / 2**32 for number in numbers)


# One bounded memory for all coins: a page of 250 quotes needs about 5000 splits, a split some 2 kB.
remembered = lru_cache(maxsize=16_384)
# ten years of the twenty default assets, which a backfill of daily candles asks for more than once
remembered_days = lru_cache(maxsize=80_000)


@dataclass(frozen=True, slots=True)
class TradingProfile:
    """How an asset trades: price in USD at the anchor, daily volatility, trades and steps a day."""

    price: float
    volatility: float
    trades: int
    volume: int


class PriceTree:
    """The seeded tree of bars of one asset; every method always returns the same."""

    def __init__(self, key: str, profile: TradingProfile) -> None:
        self.key = key
        self.profile = profile

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
        while (slot := self._last_in(0, day, seconds)) is None:
            day -= 1
        return slot

    def _last_in(self, level: int, index: int, seconds: float) -> int | None:
        if index * LEVELS[level] >= seconds or self.node(level, index) is None:
            return None
        if level == len(LEVELS) - 1:
            return index if (index + 1) * SLOT_SECONDS <= seconds else None
        fan = LEVELS[level] // LEVELS[level + 1]
        for child in range((index + 1) * fan - 1, index * fan - 1, -1):
            slot = self._last_in(level + 1, child, seconds)
            if slot is not None:
                return slot
        return None

    @remembered
    def level(self, day: int) -> float:
        """The price in USD as ``day`` begins: swings of 1, 2, 4 … 64 days around the anchor."""
        return self.profile.price * math.exp(self.swing(day) - self.swing(ANCHOR_DAY))

    @remembered
    def swing(self, day: int) -> float:
        """The logarithm of the price as ``day`` begins, but for a constant."""
        total = 0.0
        for octave in range(OCTAVES):
            lattice, rest = divmod(day, 2**octave)
            share = rest / 2**octave
            before, after = self.lattice(octave, lattice), self.lattice(octave, lattice + 1)
            total += math.sqrt(2**octave) * ((1 - share) * before + share * after - 0.5)
        # uniform draws of these octaves add up to daily moves of 0.577 times their amplitude
        return total * self.profile.volatility / 0.577

    @remembered
    def lattice(self, octave: int, index: int) -> float:
        """One draw of a swing, between which days are interpolated."""
        return draws(self.key, "swing", octave, index, count=1)[0]

    @remembered_days
    def day(self, index: int) -> Bar:
        """The bar of a whole day, from the seed alone; every day trades."""
        up, down, busy, heavy = draws(self.key, "day", index, count=4)
        start, end = self.level(index), self.level(index + 1)
        trades = max(1, round(self.profile.trades * (0.5 + busy)))
        return Bar(
            start,
            max(start, end) * (1 + self.profile.volatility * up),
            min(start, end) / (1 + self.profile.volatility * down),
            end,
            trades + round(self.profile.volume * (0.5 + heavy)),
            trades,
        )

    @remembered
    def children(self, level: int, index: int) -> tuple[Bar | None, ...]:
        """A bucket cut into those of the next level; None where nothing traded."""
        fan = LEVELS[level] // LEVELS[level + 1]
        parent = self.node(level, index)
        if parent is None:
            return (None,) * fan
        chance = draws(self.key, level, index, count=5 * fan)
        busy, heavy, path, up, down = (chance[part * fan : (part + 1) * fan] for part in range(5))
        trades = apportion(parent.trades, [0.5 + draw * draw for draw in busy])
        extra = apportion(
            parent.volume - parent.trades, [n * (0.5 + u) for n, u in zip(trades, heavy, strict=True)]
        )
        traded = [place for place, count in enumerate(trades) if count]
        prices = split_prices(parent, path[: len(traded)], up, down)
        children: list[Bar | None] = [None] * fan
        for place, (begin, high, low, end) in zip(traded, prices, strict=True):
            children[place] = Bar(begin, high, low, end, trades[place] + extra[place], trades[place])
        return tuple(children)
