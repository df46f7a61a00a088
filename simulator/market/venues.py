"""Where the one market trades: each venue's small spread, share, listing days and outages."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from simulator.market.bars import Bar, merged
from simulator.market.coins import Coin
from simulator.market.default_assets import DEFAULTS
from simulator.market.market import Market
from simulator.market.prices import ANCHOR_DAY, SLOT_SECONDS, draws
from simulator.market.times import DAY, HOUR, iso

LAST_LISTING: Final = 1_685_577_600  # 2023-06-01, so that every asset has years of history
DELISTED: Final = 1_719_705_600  # 2024-06-30, the end of the retired coin everywhere
RETIRED: Final = 65  # its place in the catalogue
RETIRED_SYMBOL: Final = "old"
SPREAD_BASIS_POINTS: Final = 8
OUTAGE_EVERY_DAYS: Final = 180
OUTAGE_HOURS: Final = 6
# none later: whoever watches the present (a demo, a test) is not surprised by one
LAST_OUTAGE: Final = (ANCHOR_DAY - 30) * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRules:
    """What is fixed about a venue: its first second, and its volume and trades against Coinbase's."""

    name: str
    opened: int
    volume: int = 1
    trades: int = 1
    spread: bool = True


COINBASE: Final = VenueRules(name="coinbase", opened=1_437_350_400, spread=False)  # 2015-07-20
BINANCE: Final = VenueRules(name="binance", opened=1_502_942_400, volume=10, trades=5)  # 2017-08-17 04:00


class Venue:
    """The market as one venue sees it; every method always returns the same."""

    def __init__(self, market: Market, rules: VenueRules) -> None:
        self.market = market
        self.rules = rules
        self.outages = tuple(_outages(market.seed, rules))
        self.chances: dict[str, tuple[float, ...]] = {}

    def factor(self, coin: Coin) -> float:
        """The venue's price against the market's: some basis points up or down."""
        return (
            1 + (2 * self._chances(coin)[0] - 1) * SPREAD_BASIS_POINTS / 10_000 if self.rules.spread else 1.0
        )

    def listed_at(self, coin: Coin) -> int:
        """When trading began, on the hour; bitcoin and ether are as old as the venue."""
        if coin.symbol in {"btc", "eth"}:
            return self.rules.opened
        hours = int((LAST_LISTING - self.rules.opened) * self._chances(coin)[1] // HOUR)
        return self.rules.opened + hours * HOUR

    def delisted_at(self, coin: Coin) -> float:
        """When trading ended: never, but for the retired coin."""
        return DELISTED if coin.symbol == RETIRED_SYMBOL else math.inf

    def is_down(self, start: float, end: float) -> bool:
        """Whether the venue was down for the whole of [start, end)."""
        return any(left <= start and end <= right for left, right in self._outages_in(start, end))

    def bar(self, coin: Coin, start: int, end: float) -> Bar | None:
        """What traded here in [start, end), as far as its slots are complete; None if nothing did."""
        start, end = max(start, self.listed_at(coin)), min(end, self.delisted_at(coin))
        if start >= end:
            return None
        cuts = self._outages_in(start, end)
        if cuts:
            parts = (self.market.bar(coin, *part) for part in _without(cuts, start, end))
            bar = merged(part for part in parts if part)
        else:
            bar = self.market.bar(coin, start, end)
        return self._scaled(coin, bar) if bar else None

    def last(self, coin: Coin, seconds: float) -> float | None:
        """The last price at a time; None before the listing's first trade."""
        before = min(seconds, self.delisted_at(coin))
        slot = coin.prices.last_slot(before)
        for left, _ in self._outages_in(slot * SLOT_SECONDS, (slot + 1) * SLOT_SECONDS):
            slot = coin.prices.last_slot(left)
        start = slot * SLOT_SECONDS
        bar = self.market.bar(coin, start, start + SLOT_SECONDS)
        return bar.close * self.factor(coin) if bar and start >= self.listed_at(coin) else None

    def _chances(self, coin: Coin) -> tuple[float, ...]:
        if coin.id not in self.chances:
            self.chances[coin.id] = draws(self.market.seed, self.rules.name, coin.id, count=2)
        return self.chances[coin.id]

    def _scaled(self, coin: Coin, bar: Bar) -> Bar:
        scaled = bar.scaled(self.factor(coin))
        return scaled._replace(volume=bar.volume * self.rules.volume, trades=bar.trades * self.rules.trades)

    def _outages_in(self, start: float, end: float) -> list[tuple[int, int]]:
        if not self.outages or start >= self.outages[-1][1]:
            return []
        first = max(0, bisect_left(self.outages, (int(start), 0)) - 1)
        overlapping = []
        for left, right in self.outages[first:]:
            if left >= end:
                break
            if right > start:
                overlapping.append((left, right))
        return overlapping


def delisted_coin(market: Market) -> Coin:
    """The coin whose markets ended: listed as delisted by each venue, its history kept."""
    return replace(market.coins[RETIRED], symbol=RETIRED_SYMBOL, name="Old (example)", product=True)


def absences(venue: Venue, listed: Mapping[str, Coin]) -> dict[str, object]:
    """Why buckets are missing, for ``GET /_venues``: listing hours and ends by market, outages of all."""
    ends = {name: venue.delisted_at(coin) for name, coin in listed.items()}
    return {
        "listed": {name: iso(venue.listed_at(coin), "seconds") for name, coin in listed.items()},
        "delisted": {name: iso(end, "seconds") for name, end in ends.items() if math.isfinite(end)},
        "outages": [[iso(start, "seconds"), iso(end, "seconds")] for start, end in venue.outages],
    }


def listed_coins(market: Market, invented: int) -> list[Coin]:
    """The default assets and some of the invented that trade, each symbol once."""
    chosen = {coin.symbol: coin for coin in market.coins[: len(DEFAULTS)]}
    for coin in market.coins[len(DEFAULTS) :]:
        if len(chosen) < len(DEFAULTS) + invented and coin.product:
            chosen.setdefault(coin.symbol, coin)
    return list(chosen.values())


def _outages(seed: int, rules: VenueRules) -> Iterator[tuple[int, int]]:
    """Whole hours without trades, about two a year, oldest first."""
    step = OUTAGE_EVERY_DAYS * DAY
    for number, block in enumerate(range(rules.opened, LAST_OUTAGE - step, step)):
        when, length = draws(seed, rules.name, "outage", number, count=2)
        start = (block + int(when * (step - DAY))) // HOUR * HOUR
        yield start, start + (1 + int(length * OUTAGE_HOURS)) * HOUR


def _without(cuts: list[tuple[int, int]], start: int, end: float) -> Iterator[tuple[int, float]]:
    """The parts of [start, end) outside of the cuts, oldest first."""
    for left, right in cuts:
        if start < left:
            yield start, left
        start = max(start, right)
    if start < end:
        yield start, end
