"""Kraken's pairs under their four names, and how their numbers are written.

Results of REST are keyed by ``XXBTZUSD``; ``altname`` is ``XBTUSD`` and ``wsname`` ``XBT/USD``. Websocket v2
calls the same pair ``BTC/USD`` and refuses the ``wsname``: only XBT and XDG differ, in all of the 1451 pairs
that others compared (nautechsystems/nautilus_trader#3509 and #3960). Old assets have four letters in REST
(``XXBT``, ``XETH``, ``ZUSD``), newer ones their symbol; dogecoin is ``XXDG``, but its pair ``XDGUSD``
(docs.kraken.com, "Get Tradable Asset Pairs", and its ``assetVersion=1``, which turns to the names of v2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from simulator.endpoints import ApiError, ApiRequest
from simulator.market.bars import Bar
from simulator.market.coins import Coin
from simulator.market.market import Market
from simulator.market.times import DAY, MINUTE
from simulator.market.trades import MICROSECONDS, Trade, TradeSequence, mix
from simulator.market.venues import COINBASE, Venue, VenueRules, listed_coins
from simulator.websockets.settings import StreamSettings

# Kraken is older (2013-10-06), but this market begins with Coinbase
KRAKEN: Final = VenueRules(name="kraken", opened=COINBASE.opened)
INVENTED: Final = 12
LOT_DECIMALS: Final = 8
REST_DECIMALS: Final = 5  # of prices in Ticker and Trades, where the pair has fewer
# (asset, altname) of the assets that are older than Kraken's short names
LEGACY: Final = {
    "BTC": ("XXBT", "XBT"), "DOGE": ("XXDG", "XDG"), "ETH": ("XETH", "ETH"), "LTC": ("XLTC", "LTC"),
    "XLM": ("XXLM", "XLM"), "XRP": ("XXRP", "XRP"),
}  # fmt: skip
QUOTE: Final = "USD"
QUOTE_ASSET: Final = "ZUSD"
NEW_STYLE_PAIRS: Final = {"DOGE"}  # an old asset whose pair was listed anew, without X and Z
_MAX_REMEMBERED: Final = 4


def error(*texts: str) -> ApiError:
    """An error as every method sends it: HTTP 200, and no ``result``."""
    return ApiError(200, {"error": list(texts)})


def invalid_arguments() -> ApiError:
    """A parameter is missing or has no such value."""
    return error("EGeneral:Invalid arguments")


@dataclass(frozen=True, slots=True)
class Pair:
    """A coin against USD."""

    coin: Coin
    venue: Venue

    @property
    def base(self) -> str:
        """``BTC``, as websocket v2 and the rest of the world call it."""
        return self.coin.symbol.upper()

    @property
    def asset(self) -> str:
        """``XXBT``."""
        return LEGACY.get(self.base, (self.base,))[0]

    @property
    def base_altname(self) -> str:
        """``XBT``."""
        return LEGACY[self.base][1] if self.base in LEGACY else self.base

    @property
    def key(self) -> str:
        """``XXBTZUSD``."""
        legacy = self.base in LEGACY and self.base not in NEW_STYLE_PAIRS
        return f"{self.asset}{QUOTE_ASSET}" if legacy else self.altname

    @property
    def altname(self) -> str:
        """``XBTUSD``."""
        return f"{self.base_altname}{QUOTE}"

    @property
    def wsname(self) -> str:
        """``XBT/USD``."""
        return f"{self.base_altname}/{QUOTE}"

    @property
    def symbol(self) -> str:
        """``BTC/USD``."""
        return f"{self.base}/{QUOTE}"

    @property
    def decimals(self) -> int:
        """Places of a price."""
        return self.coin.price_decimals

    def price(self, price: float) -> str:
        """As in OHLC and in websocket v2."""
        return f"{price:.{self.decimals}f}"

    def long_price(self, price: float) -> str:
        """As in Ticker and Trades: with five places at least."""
        return f"{round(price, self.decimals):.{max(REST_DECIMALS, self.decimals)}f}"

    def amount(self, steps: int) -> str:
        """The coin's smallest amounts as decimal text of eight places."""
        return f"{Decimal(steps).scaleb(-self.coin.size_decimals):.{LOT_DECIMALS}f}"

    def mean_price(self, bar: Bar) -> float:
        """What stands for the volume-weighted price of a bar."""
        return sum(bar[:4]) / 4


@dataclass(frozen=True, slots=True)
class TradedPair:
    """A pair with its trades, and the 24 hours before some minute."""

    pair: Pair
    trades: TradeSequence
    days: dict[int, Bar | None] = field(default_factory=dict)

    def price_of(self, made: Trade) -> float:
        """The price of a trade."""
        return made.ticks / float(10**self.pair.decimals)

    def taker_side(self, made: Trade) -> str:
        """``buy`` or ``sell``, of whoever took the offer."""
        return "sell" if made.buyer_is_maker else "buy"

    def order_type(self, made: Trade) -> str:
        """``market`` or ``limit``, of the taker's order."""
        return "market" if mix(self.trades.key + 3, made.id) & 1 else "limit"

    def day(self, at_us: int) -> Bar | None:
        """The last 24 hours, renewed once a minute."""
        minute = at_us // MICROSECONDS // MINUTE
        if minute not in self.days:
            if len(self.days) > _MAX_REMEMBERED:
                self.days.clear()
            end = minute * MINUTE
            self.days[minute] = self.pair.venue.bar(self.pair.coin, end - DAY, end)
        return self.days[minute]


class TradedPairs:
    """Every pair with its trades; REST and sockets share them."""

    def __init__(self, market: Market, settings: StreamSettings) -> None:
        self.settings = settings
        self.venue = Venue(market, KRAKEN)
        pairs = [Pair(coin, self.venue) for coin in listed_coins(market, INVENTED)]
        self.listed: Mapping[str, Pair] = {pair.symbol: pair for pair in pairs}
        self.by_name = {name: pair for pair in pairs for name in _names(pair)}
        self.traded = lru_cache(maxsize=None)(self._traded)

    def find(self, symbol: str) -> TradedPair | None:
        """The pair of a symbol of websocket v2; None if there is none."""
        return self.traded(symbol) if symbol in self.listed else None

    def named(self, name: str) -> Pair:
        """The pair of any of its names, in any case; ``ApiError`` if there is none."""
        pair = self.by_name.get(name.strip().upper())
        if pair is None:
            raise error("EQuery:Unknown asset pair")
        return pair

    def selected(self, request: ApiRequest) -> list[Pair]:
        """The pairs of ``pair``, or all."""
        names = request.items("pair")
        return [self.named(name) for name in names] if names else list(self.listed.values())

    def _traded(self, symbol: str) -> TradedPair:
        pair = self.listed[symbol]
        trades = TradeSequence(pair.key, pair.coin, pair.venue, self.settings.cadences["trade"])
        return TradedPair(pair, trades)


def _names(pair: Pair) -> Iterator[str]:
    yield from (pair.key, pair.altname, pair.wsname, pair.symbol, pair.symbol.replace("/", ""))
