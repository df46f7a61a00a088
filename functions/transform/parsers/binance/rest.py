"""Binance Spot REST: klines become ``candles``, 24-hour tickers ``quotes``, exchangeInfo ``assets``, and
``/historicalTrades`` ``trades``.

Prices and quantities are written as texts; times are milliseconds or, if the request says so,
microseconds. A kline's last two times may lie ahead: the newest one is still open. Source: Binance
Spot API documentation, "Market data endpoints" (with "Old trade lookup") and "General endpoints".
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake import symbols
from coinlake.tables import TIMESTAMP
from transform.columns.numbers import VOLUME
from transform.columns.times import MILLISECOND
from transform.columns.validation import (
    ColumnValidator,
    field_values,
    unknown_columns,
    unknown_fields,
    validate_lists,
    validate_objects,
)
from transform.model import ParsedObject, RawDocument, Reader
from transform.readers.documents import DocumentReader, ListReader, list_at
from transform.tables.assembly import canonical_symbols, constant, origin_columns, slice_by_slot
from transform.tables.candles import candles
from transform.tables.markets import CandleSeries, page_quote
from transform.tables.quotes import only_requested, quotes
from transform.tables.trade_history import history_market, trade_amounts, trade_columns, trade_history

KLINE_FIELDS: Final = (
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
_INFO_KNOWN: Final = frozenset({"timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols", "sors"})
_MAX_INFO_VALUES: Final = 1_000_000  # some 80 for each of some 3,500 symbols, without permission sets
_SYMBOL_KNOWN: Final = {
    *("symbol", "status", "baseAsset", "quoteAsset", "filters", "permissions", "permissionSets"),
    *("baseAssetPrecision", "quotePrecision", "quoteAssetPrecision", "baseCommissionPrecision"),
    *("quoteCommissionPrecision", "orderTypes", "icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed"),
    *("quoteOrderQtyMarketAllowed", "allowTrailingStop", "cancelReplaceAllowed", "amendAllowed"),
    *("pegInstructionsAllowed", "isSpotTradingAllowed", "isMarginTradingAllowed"),
    *("defaultSelfTradePreventionMode", "allowedSelfTradePreventionModes"),
}
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_TRADE_KNOWN: Final = {"id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"}


def klines(document: RawDocument) -> ParsedObject:
    """The klines of the market and interval that the slot names."""
    validator, rows = validate_lists(document.rows, len(KLINE_FIELDS), numbers_as_text=True)
    values = {name: [row[position] for row in rows] for position, name in enumerate(KLINE_FIELDS)}
    return market_klines(document, validator, values, unknown_columns(rows, len(KLINE_FIELDS)))


def market_klines(
    document: RawDocument,
    validator: ColumnValidator,
    values: Mapping[str, Sequence[Any]],
    notes: Sequence[str],
) -> ParsedObject:
    """The same from whole columns, by the names in ``KLINE_FIELDS``; a bucket without trades is a row too."""
    product = CandleSeries.from_slot(document.key.slot.parts)
    series = CandleSeries(product.base + product.quote, product.base, product.quote, product.interval)
    fields = {name: (name, column) for name, column in values.items()}
    opened = validator.fine_times(*fields["open_time"], document.received_at)
    ends = validator.fine_times(*fields["close_time"], document.received_at + series.length)
    opened, snapped = _snapped(opened, ends, series.length)
    notes = [*notes, f"snapped:open_time:{snapped}"] if snapped else notes
    validator.reject("inconsistent", pc.less(ends, opened), *fields["close_time"])
    closed = pc.less(ends, pa.scalar(document.received_at, TIMESTAMP))
    return candles(document, validator, series, opened, fields, notes=notes, closed=closed)


def _snapped(opened: pa.Array, ends: pa.Array, length: timedelta) -> tuple[pa.Array, int]:
    """Buckets that began late in theirs but end with it, moved to its start; and how many there are.

    After an outage, as on 9 February 2018, Binance opened the first one when trading went on (decision 20).
    """
    step = min(length, _DAY) // _MICROSECOND
    first, last = opened.cast(pa.int64()), ends.cast(pa.int64())
    start = pc.multiply(pc.divide(first, step), step)
    missing = pc.subtract(
        pc.add(start, length // _MICROSECOND), last
    )  # of a bucket's last moment, in its unit
    is_end = pc.or_(pc.equal(missing, 1), pc.equal(missing, MILLISECOND))
    late = pc.fill_null(pc.and_(pc.not_equal(first, start), is_end), False)
    snapped = pc.sum(late).as_py() or 0
    return (pc.if_else(late, start, first).cast(TIMESTAMP), snapped) if snapped else (opened, 0)


def tickers(document: RawDocument) -> ParsedObject:
    """Rolling 24 hours of each symbol; the slot's second part is the currency that they end in."""
    quote = page_quote(document.key.slot.parts)
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    names = validator.texts("symbol", field_values(rows, "symbol"))
    lacking = only_requested(document, validator, "symbol", names, "symbols")
    bases = pc.replace_substring_regex(names, f"{quote}$", "")
    validator.reject("unknown_symbol", pc.or_(pc.equal(bases, names), pc.equal(bases, "")), "symbol", names)
    columns = {
        "base": canonical_symbols(document, bases),
        "quote": constant(quote, len(rows)),
        "raw_symbol": names,
        "observed_at": validator.fine_times(
            "closeTime", field_values(rows, "closeTime"), document.received_at
        ),
    }
    return quotes(
        document, validator, rows, columns, _TICKER, notes=unknown_fields(rows, _TICKER_KNOWN) + lacking
    )


def ticker_rows(document: Any) -> list[Any] | None:
    """A list, or the one object that a request for a single symbol is answered with."""
    if isinstance(document, dict):
        return [document] if "symbol" in document else None
    return document if isinstance(document, list) else None


def assets(document: RawDocument) -> ParsedObject:
    """Every symbol, traded or not, with the steps of its price and quantity."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    bases = validator.texts("baseAsset", field_values(rows, "baseAsset"))
    tick, lot = (_step(rows, *step) for step in (("PRICE_FILTER", "tickSize"), ("LOT_SIZE", "stepSize")))
    columns = origin_columns(document, len(rows)) | {
        "asset_id": validator.texts("symbol", field_values(rows, "symbol")),
        "base": canonical_symbols(document, bases),
        "quote": validator.texts("quoteAsset", field_values(rows, "quoteAsset")),
        "symbol": bases,
        "status": validator.texts("status", field_values(rows, "status"), None),
        "price_increment": validator.decimals("tickSize", tick, VOLUME),
        "quantity_increment": validator.decimals("stepSize", lot, VOLUME),
    }
    return slice_by_slot(document, validator, "assets", columns, unknown_fields(rows, _SYMBOL_KNOWN))


def historical_trades(document: RawDocument) -> ParsedObject:
    """Trades of the symbol that the slot names, oldest first."""
    validator, rows = validate_objects(document.rows)
    base, quote = history_market(
        document, lambda name: symbols.split(name, document.source, document.asset_ids)
    )
    symbol = base + quote
    columns = {
        **trade_columns(validator, rows, "id", "qty"),
        "quote_quantity": trade_amounts(validator, rows, "quoteQty"),
        "is_buyer_maker": validator.booleans("isBuyerMaker", field_values(rows, "isBuyerMaker")),
        "traded_at": validator.fine_times("time", field_values(rows, "time"), document.received_at),
    }
    return trade_history(
        document,
        validator,
        columns,
        market=(base, quote),
        raw_symbol=symbol,
        stream=f"{symbol.lower()}@trade",
        notes=unknown_fields(rows, _TRADE_KNOWN),
    )


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


DATASETS: Final[Mapping[str, Reader]] = {
    "assets": DocumentReader(assets, error, list_at("symbols"), _INFO_KNOWN, _MAX_INFO_VALUES),
    "candles": ListReader(klines, error),
    "quotes": DocumentReader(tickers, error, ticker_rows),
    "trade_history": ListReader(historical_trades, error),
}
