"""Binance Spot REST: klines become ``candles``, 24-hour tickers ``quotes``, exchangeInfo ``assets``.

Prices and quantities are written as texts; times are milliseconds or, if the request asked so,
microseconds. A kline's last two times may lie ahead: the newest one is still open. Source: Binance
Spot API documentation, "Market data endpoints" and "General endpoints".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP
from transform.assembly import by_slot, constant, origin, symbols
from transform.candles import candles
from transform.columns import Sheet
from transform.markets import Market
from transform.numbers import VOLUME
from transform.parsed import Answer, Parsed
from transform.quotes import only_requested, page_quote, quotes
from transform.rows import field, lists, objects, unlisted, unlisted_columns

KLINE: Final = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades"),
    *("taker_buy_base_volume", "taker_buy_quote_volume", "ignore"),
)
_TICKER: Final = {
    "price": "lastPrice",
    "bid": "bidPrice",
    "ask": "askPrice",
    "volume_24h_base": "volume",
    "volume_24h_quote": "quoteVolume",
    "open_24h": "openPrice",
    "high_24h": "highPrice",
    "low_24h": "lowPrice",
    "change_24h_percent": "priceChangePercent",
}
_TICKER_KNOWN: Final = {
    *("symbol", "closeTime", "openTime", "priceChange", "weightedAvgPrice", "prevClosePrice"),
    *("lastQty", "bidQty", "askQty", "firstId", "lastId", "count", *_TICKER.values()),
}
INFO_KNOWN: Final = frozenset({"timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols", "sors"})
MOST_INFO_VALUES: Final = 1_000_000  # some 80 for each of some 3,500 symbols, without permission sets
_SYMBOL_KNOWN: Final = {
    *("symbol", "status", "baseAsset", "quoteAsset", "filters", "permissions", "permissionSets"),
    *("baseAssetPrecision", "quotePrecision", "quoteAssetPrecision", "baseCommissionPrecision"),
    *("quoteCommissionPrecision", "orderTypes", "icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed"),
    *("quoteOrderQtyMarketAllowed", "allowTrailingStop", "cancelReplaceAllowed", "amendAllowed"),
    *("pegInstructionsAllowed", "isSpotTradingAllowed", "isMarginTradingAllowed"),
    *("defaultSelfTradePreventionMode", "allowedSelfTradePreventionModes"),
}


def klines(answer: Answer) -> Parsed:
    """The klines of the market and interval that the slot names."""
    sheet, rows = lists(answer.rows, len(KLINE), written=True)
    values = {name: [row[place] for row in rows] for place, name in enumerate(KLINE)}
    return market_klines(answer, sheet, values, unlisted_columns(rows, len(KLINE)))


def market_klines(
    answer: Answer, sheet: Sheet, values: Mapping[str, Sequence[Any]], notes: Sequence[str]
) -> Parsed:
    """The same from whole columns, by the names in ``KLINE``; a bucket without trades is a row too."""
    product = Market.of(answer.key.slot.parts)
    market = Market(product.base + product.quote, product.base, product.quote, product.interval)
    fields = {name: (name, column) for name, column in values.items()}
    opened = sheet.fine_times(*fields["open_time"], answer.received_at)
    ends = sheet.fine_times(*fields["close_time"], answer.received_at + market.length)
    sheet.reject("inconsistent", pc.less(ends, opened), *fields["close_time"])
    closed = pc.less(ends, pa.scalar(answer.received_at, TIMESTAMP))
    return candles(answer, sheet, market, opened, fields, notes=notes, closed=closed)


def tickers(answer: Answer) -> Parsed:
    """Rolling 24 hours of each symbol; the slot's second part is the currency that they end in."""
    quote = page_quote(answer.key.slot.parts)
    sheet, rows = objects(answer.rows, written=True)
    names = sheet.texts("symbol", field(rows, "symbol"))
    only_requested(answer, sheet, "symbol", names, "symbols")
    bases = pc.replace_substring_regex(names, f"{quote}$", "")
    sheet.reject("unknown_symbol", pc.or_(pc.equal(bases, names), pc.equal(bases, "")), "symbol", names)
    named = {
        "base": symbols(answer, bases),
        "quote": constant(quote, len(rows)),
        "raw_symbol": names,
        "observed_at": sheet.fine_times("closeTime", field(rows, "closeTime"), answer.received_at),
    }
    return quotes(answer, sheet, rows, named, _TICKER, notes=unlisted(rows, _TICKER_KNOWN))


def ticker_rows(document: Any) -> list[Any] | None:
    """A list, or the one object that a request for a single symbol is answered with."""
    if isinstance(document, dict):
        return [document] if "symbol" in document else None
    return document if isinstance(document, list) else None


def info_rows(document: Any) -> list[Any] | None:
    """The symbols of exchangeInfo."""
    found = document.get("symbols") if isinstance(document, dict) else None
    return found if isinstance(found, list) else None


def markets(answer: Answer) -> Parsed:
    """Every symbol, traded or not, with the steps of its price and quantity."""
    sheet, rows = objects(answer.rows, written=True)
    bases = sheet.texts("baseAsset", field(rows, "baseAsset"))
    tick, lot = (_step(rows, *step) for step in (("PRICE_FILTER", "tickSize"), ("LOT_SIZE", "stepSize")))
    columns = origin(answer, len(rows)) | {
        "asset_id": sheet.texts("symbol", field(rows, "symbol")),
        "base": symbols(answer, bases),
        "quote": sheet.texts("quoteAsset", field(rows, "quoteAsset")),
        "symbol": bases,
        "status": sheet.texts("status", field(rows, "status"), None),
        "price_increment": sheet.decimals("tickSize", tick, VOLUME),
        "quantity_increment": sheet.decimals("stepSize", lot, VOLUME),
    }
    return by_slot(answer, sheet, "assets", columns, unlisted(rows, _SYMBOL_KNOWN))


def error(document: dict[str, Any]) -> str | None:
    """Every error of Binance is {"code": number, "msg": text}."""
    code, message = document.get("code"), document.get("msg")
    return f"{code} {message}" if isinstance(message, str) and code is not None else None


def _step(rows: Sequence[Mapping[str, Any]], kind: str, name: str) -> list[Any]:
    """One value of the filter of this kind in each row; None where there is no such filter."""
    return [
        next((rule.get(name) for rule in _filters(row) if rule.get("filterType") == kind), None)
        for row in rows
    ]


def _filters(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rules = row.get("filters")
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
