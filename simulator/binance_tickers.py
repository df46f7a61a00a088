"""Binance's tickers: the rolling 24 hours, the last price, the best bid and ask."""

from typing import Final

from simulator import binance_errors as errors
from simulator.answers import Ask
from simulator.binance_klines import time_unit
from simulator.binance_symbols import Symbol, Symbols, chosen
from simulator.market import DAY
from simulator.walk import SLOT_SECONDS, draws

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


def day(symbols: Symbols, ask: Ask) -> object:
    """``/ticker/24hr``: FULL or MINI, of one symbol bare, of several in a list."""
    kind = ask.query.get("type", "FULL")
    if kind not in {"FULL", "MINI"}:
        raise errors.bad_value("type")
    found, bare = chosen(symbols, ask)
    status = ask.query.get("symbolStatus")
    wanted = [symbol for symbol in found if status in {None, "TRADING" if symbol.trading else "BREAK"}]
    rows = [_day(ask, symbol) for symbol in wanted]
    if kind == "MINI":
        rows = [{name: row[name] for name in MINI} for row in rows]
    return rows[0] if bare and rows else rows


def price(symbols: Symbols, ask: Ask) -> object:
    """``/ticker/price``: a delisted symbol keeps its last one."""
    found, bare = chosen(symbols, ask)
    rows = [
        {"symbol": symbol.name, "price": symbol.price(symbol.venue.last(symbol.coin, ask.now) or 0)}
        for symbol in found
    ]
    return rows[0] if bare else rows


def book(symbols: Symbols, ask: Ask) -> object:
    """``/ticker/bookTicker``: all zeros where nothing is for sale."""
    found, bare = chosen(symbols, ask)
    rows = [{"symbol": symbol.name, **_book(ask, symbol)} for symbol in found]
    return rows[0] if bare else rows


def _day(ask: Ask, symbol: Symbol) -> dict[str, object]:
    unit = time_unit(ask)
    closed = int(ask.now * unit)
    times = {"openTime": closed - DAY * unit, "closeTime": closed}
    start = int((ask.now - DAY) // SLOT_SECONDS) * SLOT_SECONDS
    bar = symbol.venue.bar(symbol.coin, start, ask.now)
    if bar is None:
        ids = {"firstId": -1, "lastId": -1, "count": 0}
        return {"symbol": symbol.name, **dict.fromkeys(PRICES, NOTHING), **times, **ids}
    money = symbol.money(bar)
    newest = symbol.coin.walk.last_slot(ask.now) * 10
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
        **_book(ask, symbol),
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


def _book(ask: Ask, symbol: Symbol) -> dict[str, object]:
    """The last trade took the ask or the bid; the other side is one tick away."""
    last = symbol.venue.last(symbol.coin, ask.now)
    if last is None or not symbol.trading:
        return dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), NOTHING)
    slot = symbol.coin.walk.last_slot(ask.now)
    side, bid, offer = draws(symbol.name, "book", slot, count=3)
    tick = 10**-symbol.coin.price_decimals
    below = tick if side > 1 / 2 else 0
    typical = symbol.coin.walk.temper.volume // symbol.coin.walk.temper.trades
    return {
        "bidPrice": symbol.price(last - below),
        "bidQty": symbol.amount((1 + int(bid * typical)) * 10),
        "askPrice": symbol.price(last + tick - below),
        "askQty": symbol.amount((1 + int(offer * typical)) * 10),
    }
