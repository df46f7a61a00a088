"""Binance's symbols: what is listed against USDT, how its numbers are written, and /exchangeInfo."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.bars import Bar
from simulator.market.coins import Coin
from simulator.market.market import Market
from simulator.market.venues import BINANCE, Venue, delisted_coin, listed_coins
from simulator.sources.binance import errors

QUOTE: Final = "USDT"
INVENTED: Final = 12
SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
SYMBOLS: Final = '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$'
PLACES: Final = 8  # of every price, and of amounts but for coins that trade by the million
ORDER_TYPES: Final = (
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
)  # fmt: skip
ALLOWED: Final = (
    *("icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed", "quoteOrderQtyMarketAllowed"),
    *("allowTrailingStop", "cancelReplaceAllowed", "amendAllowed", "pegInstructionsAllowed"),
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A market of a coin against USDT; one of them is delisted (BREAK) and keeps its history."""

    name: str
    coin: Coin
    venue: Venue

    @property
    def trading(self) -> bool:
        """Whether it still trades."""
        return self.coin.symbol != "old"

    @property
    def step_places(self) -> int:
        """Places of the smallest amount traded here: ten of Coinbase's steps."""
        return self.coin.size_decimals - 1

    def price(self, price: float) -> str:
        """``77361.43000000``: rounded to the tick, always with eight places."""
        return f"{round(price, self.coin.price_decimals):.{PLACES}f}"

    def amount(self, steps: int) -> str:
        """Smallest amounts as an amount: eight places, two where whole coins trade."""
        places = PLACES if self.step_places else 2
        return f"{Decimal(steps).scaleb(-self.coin.size_decimals):.{places}f}"

    def money(self, bar: Bar) -> float:
        """What a bar's volume was worth in USDT, at its mean price."""
        return bar.volume * sum(bar[:4]) / 4 / float(10**self.coin.size_decimals)


Symbols = Mapping[str, Symbol]


def listed(market: Market) -> Symbols:
    """By name, the default assets first."""
    venue = Venue(market, BINANCE)
    coins = [*listed_coins(market, INVENTED), delisted_coin(market)]
    symbols = [Symbol(f"{coin.symbol.upper()}{QUOTE}", coin, venue) for coin in coins]
    return {symbol.name: symbol for symbol in symbols}


def find(symbols: Symbols, request: ApiRequest) -> Symbol:
    """The symbol that ``symbol`` names."""
    name = request.query.get("symbol", "")
    if not name:
        raise errors.missing("symbol")
    return _named(symbols, name)


def select(symbols: Symbols, request: ApiRequest) -> tuple[list[Symbol], bool]:
    """The symbols of ``symbol`` or ``symbols`` or all, and whether one is answered without a list."""
    single, several = request.query.get("symbol"), request.query.get("symbols")
    if single is not None and several is not None:
        raise errors.combination()
    if single is not None:
        return [find(symbols, request)], True
    if several is None:
        return list(symbols.values()), False
    if not re.fullmatch(SYMBOLS, several):
        raise errors.illegal("symbols", SYMBOLS)
    names = json.loads(several)
    if not names:
        raise errors.missing("symbols")
    return [_named(symbols, name) for name in names], False


def exchange_info(symbols: Symbols, weight_limit: int, request: ApiRequest) -> dict[str, object]:
    """All symbols, or those that the request names, with the limits in force."""
    selected, _ = select(symbols, request)
    permissions = request.query.get("permissions", "SPOT")
    status = request.query.get("symbolStatus")
    rows = [described(symbol) for symbol in selected if "SPOT" in permissions]
    return {
        "timezone": "UTC",
        "serverTime": int(request.now * 1_000),
        "rateLimits": [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, weight_limit),
            _limit("ORDERS", "SECOND", 10, 100),
            _limit("ORDERS", "DAY", 1, 200_000),
            _limit("RAW_REQUESTS", "MINUTE", 5, 300_000),
        ],
        "exchangeFilters": [],
        "symbols": [row for row in rows if status in {None, row["status"]}],
    }


def described(symbol: Symbol) -> dict[str, object]:
    """A symbol as ``/exchangeInfo`` lists it."""
    base = symbol.coin.symbol.upper()
    tick, step = _increment(symbol.coin.price_decimals), _increment(symbol.step_places)
    precisions = (
        "quotePrecision",
        "quoteAssetPrecision",
        "baseCommissionPrecision",
        "quoteCommissionPrecision",
    )
    return {
        "symbol": symbol.name,
        "status": "TRADING" if symbol.trading else "BREAK",
        "baseAsset": base,
        "baseAssetPrecision": PLACES,
        "quoteAsset": QUOTE,
        **dict.fromkeys(precisions, PLACES),
        "orderTypes": ORDER_TYPES,
        **dict.fromkeys(ALLOWED, True),
        "isSpotTradingAllowed": symbol.trading,
        "isMarginTradingAllowed": symbol.trading,
        "filters": _filters(tick, step),
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(tick: str, step: str) -> list[dict[str, object]]:
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "46116860414.00000000", "stepSize": step},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "avgPriceMins": 5},
    ]


def _named(symbols: Symbols, name: str) -> Symbol:
    if not re.fullmatch(SYMBOL, name):
        raise errors.illegal("symbol", SYMBOL)
    if name not in symbols:
        raise errors.invalid_symbol()
    return symbols[name]


def _increment(places: int) -> str:
    return f"{10**-places:.{PLACES}f}"


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, object]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
