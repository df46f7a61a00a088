"""Single trades: consecutive ids, each trade a pure function of seed, market and id.

A cadence says when the n-th event happens, so an id leads to a time and a time to the newest id; a trade
sequence draws the rest of a trade from its id. REST and every socket therefore serve the same trades.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Final, NamedTuple

from simulator.market.coins import Coin
from simulator.market.prices import SLOT_SECONDS, draws
from simulator.market.venues import LAST_OUTAGE, Venue

MICROSECONDS: Final = 1_000_000
ORIGIN_US: Final = LAST_OUTAGE * MICROSECONDS  # 2026-10-21: since then no venue was down
SLOT_US: Final = SLOT_SECONDS * MICROSECONDS
WIGGLE: Final = 7  # ticks around the last slot's close that trades are made at
_MASK: Final = 2**64 - 1
_SHARE_BITS: Final = 20
_REMEMBERED: Final = 4_096


class Epoch(NamedTuple):
    """From ``start_us`` on, ``rate`` events a second, the first of them number ``first``."""

    start_us: int
    first: int
    rate: float


class Cadence:
    """When the n-th event of a kind happens; a change of its rate leaves the past as it was."""

    def __init__(self, rate: float) -> None:
        self.epochs = [Epoch(ORIGIN_US, 1, rate)]

    @property
    def rate(self) -> float:
        """Events a second, from now on."""
        return self.epochs[-1].rate

    def at(self, index: int, share: float) -> int:
        """Microseconds since 1970 of number ``index``, ``share`` (0 to 1) into its own time."""
        epoch = self.epochs[-1]
        if index < epoch.first:
            epoch = self.epochs[max(0, bisect_right(self.epochs, index, key=lambda epoch: epoch.first) - 1)]
        return epoch.start_us + int((index - epoch.first + share) * MICROSECONDS / epoch.rate)

    def newest(self, now_us: int, share: Callable[[int], float]) -> int:
        """The number of the last event that has happened by ``now_us``; 0 or less if nothing has."""
        index = self._begun(now_us)
        return index if self.at(index, share(index)) <= now_us else index - 1

    def change(self, rate: float, now_us: int) -> None:
        """Another rate, from the end of the present event's time on."""
        epoch, index = self.epochs[-1], self._begun(now_us) + 1
        if rate != epoch.rate and index > epoch.first:
            self.epochs.append(Epoch(self.at(index, 0.0), index, rate))
        elif rate != epoch.rate:
            self.epochs[-1] = epoch._replace(rate=rate)

    def _begun(self, now_us: int) -> int:
        place = max(0, bisect_right(self.epochs, now_us, key=lambda epoch: epoch.start_us) - 1)
        epoch = self.epochs[place]
        return epoch.first + int((now_us - epoch.start_us) * epoch.rate // MICROSECONDS)


class Trade(NamedTuple):
    """``ticks`` of price and ``steps`` of amount are in the coin's smallest; the maker may be the buyer."""

    id: int
    at_us: int
    ticks: int
    steps: int
    buyer_is_maker: bool


class TradeSequence:
    """One market's trades, and the price level around which they and the book's offers lie."""

    def __init__(self, name: str, coin: Coin, venue: Venue, cadence: Cadence, *, step: int = 1) -> None:
        self.name, self.coin, self.venue, self.cadence, self.step = name, coin, venue, cadence, step
        self.key = seed_key(venue.market.seed, venue.rules.name, name)
        self.typical = max(1, coin.prices.profile.volume // coin.prices.profile.trades // step)
        self.levels: dict[int, int | None] = {}

    def share(self, index: int) -> float:
        """How far into its own time a trade is made."""
        return (mix(self.key, index) & (1 << _SHARE_BITS) - 1) / (1 << _SHARE_BITS)

    def newest(self, now_us: int) -> int:
        """The id of the last trade made by ``now_us``; below 1 if there is none."""
        if self.level(now_us) is None:
            return 0
        return self.cadence.newest(now_us, self.share)

    def trade(self, index: int) -> Trade:
        """Number ``index``, which must have been made; consecutive ids never go back in time."""
        chance = mix(self.key, index)
        at_us = self.cadence.at(index, (chance & (1 << _SHARE_BITS) - 1) / (1 << _SHARE_BITS))
        chance >>= _SHARE_BITS
        ticks = (self.level(at_us) or 1) + chance % WIGGLE - WIGGLE // 2
        steps = self.step * (1 + (chance >> 3) % (2 * self.typical))
        return Trade(index, at_us, max(1, ticks), steps, bool(chance >> 43 & 1))

    def level(self, at_us: int) -> int | None:
        """The close, in ticks, of the last slot that was complete when the present one began.

        So a shock of the market is seen a slot later, and never in trades that were made before it.
        """
        slot = at_us // SLOT_US
        if slot not in self.levels:
            if len(self.levels) > _REMEMBERED:
                self.levels.clear()
            seconds = slot * SLOT_SECONDS
            delisted_at = seconds >= self.venue.delisted_at(self.coin)
            price = None if delisted_at else self.venue.last(self.coin, seconds)
            self.levels[slot] = None if price is None else round(price * 10**self.coin.price_decimals)
        return self.levels[slot]


def seed_key(*name: object) -> int:
    """A 64-bit number that depends on ``name`` alone."""
    high, low = draws(*name, count=2)
    return int(high * 2**32) << 32 | int(low * 2**32)


def mix(key: int, index: int) -> int:
    """64 random bits for ``index``, a hundred times cheaper than a hash (splitmix64)."""
    bits = (key + index * 0x9E3779B97F4A7C15) & _MASK
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & _MASK
    return bits ^ bits >> 31
