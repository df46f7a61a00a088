"""A bucket's trades as one bar, and how a bar is cut into smaller ones that add up to it."""

import math
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

WICK: Final = 0.2  # how far, in the parent's range over the root of the count, a child may stick out


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


def merged(bars: Iterable[Bar]) -> Bar | None:
    """Neighbouring bars, oldest first, as one; None if nothing traded."""
    parts = list(bars)
    if not parts:
        return None
    return Bar(
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum(part.volume for part in parts),
        sum(part.trades for part in parts),
    )


def apportion(total: int, weights: list[float]) -> list[int]:
    """``total`` units divided in proportion to ``weights``, none lost; weight 0 gets none."""
    sums = list(accumulate(weights))
    # the whole is the whole, whatever rounding would make of total * x / x
    edges = [0, *(total if part == sums[-1] else math.floor(total * part / sums[-1]) for part in sums)]
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
