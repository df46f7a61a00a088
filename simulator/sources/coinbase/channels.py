"""What Coinbase's channels send: ``ticker`` and ``matches`` with each trade, ``heartbeat`` each second."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from simulator.market.bars import Bar
from simulator.market.times import DAY, MINUTE, iso
from simulator.market.trades import MICROSECONDS, Cadence, mix
from simulator.sources.coinbase.products import amount
from simulator.sources.coinbase.trades import MESSAGES_A_TRADE, TradedProduct, side

MONTH_DAYS: Final = 30
_MAX_REMEMBERED: Final = 4


@dataclass(frozen=True, slots=True)
class TradeChannel:
    """``matches`` or ``ticker`` of one product: a message for each trade."""

    name: str
    traded: TradedProduct
    message: Callable[[int], dict[str, object]]

    def newest(self, now_us: int) -> int:
        """The last trade by ``now_us``."""
        return self.traded.trades.newest(now_us)

    def time(self, index: int) -> int:
        """When trade ``index`` is made (µs)."""
        trades = self.traded.trades
        return trades.cadence.at(index, trades.share(index))

    def frames(self, index: int) -> Iterable[str]:
        """None for a product that trades no more."""
        if self.traded.trades.level(self.time(index)) is not None:
            yield compact(self.message(index))


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """``heartbeat`` of one product: once a second, what the last trade was."""

    name: str
    traded: TradedProduct
    cadence: Cadence

    def newest(self, now_us: int) -> int:
        """The last beat by ``now_us``."""
        return self.cadence.newest(now_us, lambda _: 0.0)

    def time(self, index: int) -> int:
        """When beat ``index`` is (µs)."""
        return self.cadence.at(index, 0.0)

    def frames(self, index: int) -> Iterable[str]:
        """One message."""
        at_us = self.time(index)
        newest = max(0, self.traded.trades.newest(at_us))
        yield compact(
            {
                "type": "heartbeat",
                "last_trade_id": newest,
                "product_id": self.traded.product.id,
                "sequence": newest * MESSAGES_A_TRADE + 2,
                "time": iso(at_us / MICROSECONDS, "microseconds"),
            }
        )


@dataclass(frozen=True, slots=True)
class Tickers:
    """The ``ticker`` messages of one product; the 24 hours before are renewed once a minute."""

    traded: TradedProduct
    days: dict[int, tuple[Bar | None, Bar | None]] = field(default_factory=dict)

    def message(self, index: int) -> dict[str, object]:
        """The message of trade ``index``."""
        traded, made = self.traded, self.traded.trades.trade(index)
        coin, trades = traded.product.coin, traded.trades
        day, month = self._recent(made.at_us)
        scale = 10**coin.price_decimals
        begin, high, low = (round(price * scale) for price in day[:3]) if day else (made.ticks,) * 3
        chance = mix(trades.key + 3, index)
        bid = max(1, made.ticks - made.buyer_is_maker)
        sizes = [amount(1 + (chance >> shift) % (20 * trades.typical), coin) for shift in (0, 30)]
        return {
            "type": "ticker",
            "sequence": index * MESSAGES_A_TRADE + 1,
            "product_id": traded.product.id,
            "price": traded.price(made.ticks),
            "open_24h": traded.price(begin),
            "volume_24h": amount(day.volume if day else 0, coin),
            "low_24h": traded.price(min(low, made.ticks)),
            "high_24h": traded.price(max(high, made.ticks)),
            "volume_30d": amount(month.volume if month else 0, coin),
            "best_bid": traded.price(bid),
            "best_bid_size": sizes[0],
            "best_ask": traded.price(bid + 1),
            "best_ask_size": sizes[1],
            # the taker's, unlike in a match
            "side": "sell" if side(made) == "buy" else "buy",
            "time": iso(made.at_us / MICROSECONDS, "microseconds"),
            "trade_id": index,
            "last_size": traded.size(made),
        }

    def _recent(self, at_us: int) -> tuple[Bar | None, Bar | None]:
        minute = at_us // MICROSECONDS // MINUTE
        if minute not in self.days:
            if len(self.days) > _MAX_REMEMBERED:
                self.days.clear()
            end, (venue, coin) = minute * MINUTE, (self.traded.product.venue, self.traded.product.coin)
            self.days[minute] = (
                venue.bar(coin, end - DAY, end),
                venue.bar(coin, end - MONTH_DAYS * DAY, end),
            )
        return self.days[minute]


def compact(message: dict[str, object]) -> str:
    """Compact JSON, as the venue sends it."""
    return json.dumps(message, separators=(",", ":"))
