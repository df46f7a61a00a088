"""The market at work: the coins, a clock, and price shocks that a demo can switch on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.market.bars import Bar, merged
from simulator.market.coins import Coin, catalogue
from simulator.market.prices import LEVELS, SLOT_SECONDS, PriceTree
from simulator.market.times import DAY


@dataclass(frozen=True, slots=True)
class Shock:
    """From ``at`` (seconds) on, every price of the coin is ``factor`` times as high."""

    at: int
    factor: float


class Market:
    """Prices, bars and trades of every coin at any time up to ``now()``; USD and seconds since 1970."""

    def __init__(self, seed: int, clock: Callable[[], float]) -> None:
        self.seed = seed
        self.clock = clock
        self.coins = catalogue(seed)
        self.by_id = {coin.id: coin for coin in self.coins}
        self.shocks: dict[str, list[Shock]] = {}

    def now(self) -> float:
        """The simulator's time in seconds since 1970."""
        return self.clock()

    def find(self, asset: str) -> Coin | None:
        """The coin by CoinGecko id or symbol; of several with one symbol the first listed."""
        name = asset.lower()
        return self.by_id.get(name) or next((coin for coin in self.coins if coin.symbol == name), None)

    def shock(self, coin: Coin, percent: float) -> Shock:
        """Move a coin's price from now on; earlier bars keep what they said."""
        slot = int(self.now() // SLOT_SECONDS) * SLOT_SECONDS
        shock = Shock(slot, 1 + percent / 100)
        self.shocks.setdefault(coin.id, []).append(shock)
        return shock

    def factor(self, coin: Coin, seconds: float) -> float:
        """What the shocks so far multiply a coin's prices with."""
        product = 1.0
        for shock in self.shocks.get(coin.id, ()):
            product *= shock.factor if shock.at <= seconds else 1
        return product

    def price(self, coin: Coin, seconds: float) -> float:
        """The last price at a time."""
        return coin.prices.last(seconds) * self.factor(coin, seconds)

    def bar(self, coin: Coin, start: int, end: float) -> Bar | None:
        """What traded in [start, end), as far as its slots are complete; None if nothing did."""
        level = next((n for n, size in enumerate(LEVELS) if size <= end - start), len(LEVELS) - 1)
        size = LEVELS[level]
        buckets = range(int(start // size), int(-(-end // size)))
        return merged(bar for index in buckets for bar in self._within(coin, level, index, start, end))

    def _within(self, coin: Coin, level: int, index: int, start: int, end: float) -> Iterator[Bar]:
        left = index * LEVELS[level]
        right = left + LEVELS[level]
        if right <= start or left >= end:
            return
        moved = any(left < shock.at < right for shock in self.shocks.get(coin.id, ()))
        if start <= left and right <= end and not moved:
            node = coin.prices.node(level, index)
            if node is not None:
                yield node if coin.id not in self.shocks else node.scaled(self.factor(coin, left))
        elif level + 1 < len(LEVELS) and coin.prices.node(level, index) is not None:
            fan = LEVELS[level] // LEVELS[level + 1]
            for child in range(index * fan, (index + 1) * fan):
                yield from self._within(coin, level + 1, child, start, end)


def turnover(coin: Coin, seconds: float) -> float:
    """Worldwide turnover in USD over the 24 hours before: yesterday's fades into today's."""
    day, rest = divmod(seconds, DAY)
    shares = (_busyness(coin.prices, int(day) - 1), _busyness(coin.prices, int(day)))
    return coin.turnover * (shares[0] + (shares[1] - shares[0]) * rest / DAY)


def _busyness(prices: PriceTree, day: int) -> float:
    """A day's volume against the asset's usual one."""
    return prices.day(day).volume / (prices.profile.volume + prices.profile.trades)
