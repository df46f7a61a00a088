"""Binance's tickers: the rolling 24 hours, the last price, the best bid and ask."""

from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.prices import SLOT_SECONDS, draws
from simulator.market.times import DAY
from simulator.sources.binance import errors
from simulator.sources.binance.klines import time_unit
from simulator.sources.binance.symbols import Symbol, Symbols, select

MINI: Final = (
    *("symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume"),
    *("openTime", "closeTime", "firstId", "lastId", "count"),
)
PRICES: Final = (
    *("priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "lastPrice", "lastQty"),
    *("bidPrice", "bidQty", "askPrice", "askQty", "openPrice", "highPrice", "lowPrice", "volume"),
    "quoteVolume",
)
NOTHING: Final = "0.00000000"


def day(symbols: Symbols, request: ApiRequest) -> object:
    """``/ticker/24hr``: FULL or MINI, of one symbol without a list, of several in one."""
    kind = request.query.get("type", "FULL")
    if kind not in {"FULL", "MINI"}:
        raise errors.bad_value("type")
    selected, bare = select(symbols, request)
    status = request.query.get("symbolStatus")
    shown = [symbol for symbol in selected if status in {None, "TRADING" if symbol.trading else "BREAK"}]
    rows = [_day(request, symbol) for symbol in shown]
    if kind == "MINI":
        rows = [{name: row[name] for name in MINI} for row in rows]
    return rows[0] if bare and rows else rows


def price(symbols: Symbols, request: ApiRequest) -> object:
    """``/ticker/price``: a delisted symbol keeps its last one."""
    selected, bare = select(symbols, request)
    rows = [
        {"symbol": symbol.name, "price": symbol.price(symbol.venue.last(symbol.coin, request.now) or 0)}
        for symbol in selected
    ]
    return rows[0] if bare else rows


def book(symbols: Symbols, request: ApiRequest) -> object:
    """``/ticker/bookTicker``: all zeros where nothing is for sale."""
    selected, bare = select(symbols, request)
    rows = [{"symbol": symbol.name, **_book(request, symbol)} for symbol in selected]
    return rows[0] if bare else rows


def _day(request: ApiRequest, symbol: Symbol) -> dict[str, object]:
    unit = time_unit(request)
    closed = int(request.now * unit)
    times = {"openTime": closed - DAY * unit, "closeTime": closed}
    start = int((request.now - DAY) // SLOT_SECONDS) * SLOT_SECONDS
    bar = symbol.venue.bar(symbol.coin, start, request.now)
    if bar is None:
        ids = {"firstId": -1, "lastId": -1, "count": 0}
        return {"symbol": symbol.name, **dict.fromkeys(PRICES, NOTHING), **times, **ids}
    money = symbol.money(bar)
    newest = symbol.coin.prices.last_slot(request.now) * 10
    before = symbol.venue.last(symbol.coin, start) or bar.open
    amount = symbol.amount(bar.volume)
    return {
        "symbol": symbol.name,
        # of the prices as they are shown, as everybody who subtracts them expects
        "priceChange": symbol.price(float(symbol.price(bar.close)) - float(symbol.price(bar.open))),
        "priceChangePercent": f"{(bar.close / bar.open - 1) * 100:.3f}",
        "weightedAvgPrice": f"{money / float(amount):.8f}",
        "prevClosePrice": symbol.price(before),
        "lastPrice": symbol.price(bar.close),
        "lastQty": symbol.amount(max(10, bar.volume // bar.trades // 10 * 10)),
        **_book(request, symbol),
        "openPrice": symbol.price(bar.open),
        "highPrice": symbol.price(bar.high),
        "lowPrice": symbol.price(bar.low),
        "volume": amount,
        "quoteVolume": f"{money:.8f}",
        **times,
        "firstId": newest - bar.trades + 1,
        "lastId": newest,
        "count": bar.trades,
    }


def _book(request: ApiRequest, symbol: Symbol) -> dict[str, object]:
    """The last trade took the ask or the bid; the other side is one tick away."""
    last = symbol.venue.last(symbol.coin, request.now)
    if last is None or not symbol.trading:
        return dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), NOTHING)
    slot = symbol.coin.prices.last_slot(request.now)
    side, bid, offer = draws(symbol.name, "book", slot, count=3)
    tick = 10**-symbol.coin.price_decimals
    below = tick if side > 1 / 2 else 0
    typical = symbol.coin.prices.profile.volume // symbol.coin.prices.profile.trades
    return {
        "bidPrice": symbol.price(last - below),
        "bidQty": symbol.amount((1 + int(bid * typical)) * 10),
        "askPrice": symbol.price(last + tick - below),
        "askQty": symbol.amount((1 + int(offer * typical)) * 10),
    }
