"""Kraken's REST API: OHLC becomes ``candles``, tickers ``quotes``, pairs ``assets``, trades ``trades``.

An answer is ``{"error": [], "result": {…}}``, by the pair's name. Numbers are texts, but for times, counts
and ids. OHLC is ``[time, open, high, low, close, vwap, volume, count]``, oldest first, to the present
whatever was asked for; its last entry is the open bucket and ``last`` the newest closed one, and a bucket
without a trade is flat. A mean price times a volume is not exact, so there is no quote volume. A ticker's
numbers are lists, of two spans the second is the last 24 hours; it has no time, and is of when it was
received. Trades are ``[price, volume, time, b or s, m or l, "", id]``, times in seconds with a fraction, the
side the taker's. Source: docs.kraken.com, "Get OHLC Data", "Get Ticker Information", "Get Tradable Asset
Pairs" and "Get Recent Trades".
"""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP
from transform.columns.numbers import VOLUME
from transform.columns.times import SECOND
from transform.columns.validation import (
    field_values,
    unknown_columns,
    unknown_fields,
    validate_lists,
    validate_objects,
)
from transform.model import ParsedObject, RawDocument, Reader
from transform.parsers.kraken.names import base_of, live_market, sides_of
from transform.readers.documents import DocumentReader, unique_keys, values_at
from transform.tables.assembly import canonical_symbols, constant, origin_columns, slice_by_slot
from transform.tables.candles import candles
from transform.tables.markets import CandleSeries, page_quote
from transform.tables.quotes import only_requested, quotes
from transform.tables.trade_history import history_market, trade_columns, trade_history

_KNOWN: Final = frozenset({"error", "result"})
_CURSOR: Final = "last"
_BUCKET: Final = ("open_time", "open", "high", "low", "close", "vwap", "volume", "trades")
_TRADE: Final = ("price", "volume", "time", "side", "type", "miscellaneous", "trade_id")
_IS_BUYER_MAKER: Final = {"b": False, "s": True}
_TICKER: Final = {
    "price": ("c", 0),
    "bid": ("b", 0),
    "ask": ("a", 0),
    "volume_24h_base": ("v", 1),
    "high_24h": ("h", 1),
    "low_24h": ("l", 1),
}
_TICKER_KNOWN: Final = frozenset("abcvptlho")
_MAX_PAIRS_VALUES: Final = 1_000_000  # some 100 for each of some 1,500 pairs, most of them fees
_PAIR_KNOWN: Final = {
    *("altname", "wsname", "aclass_base", "base", "aclass_quote", "quote", "lot", "cost_decimals"),
    *("pair_decimals", "lot_decimals", "lot_multiplier", "leverage_buy", "leverage_sell", "fees"),
    *("fees_maker", "fee_volume_currency", "margin_call", "margin_stop", "ordermin", "costmin", "tick_size"),
    *("status", "long_position_limit", "short_position_limit"),
}
_MAX_DIGITS: Final = 18  # of a number that counts something, and of places


def error(document: dict[str, Any]) -> str | None:
    """The codes of ``{"error": ["EQuery:Unknown asset pair"]}``."""
    codes = document.get("error")
    return ", ".join(map(str, codes)) if isinstance(codes, list) and codes else None


def pair_rows(document: Any) -> list[Any] | None:
    """The list of the one pair in ``result``, beside the cursor."""
    result = document.get("result") if isinstance(document, dict) else None
    if not isinstance(result, dict):
        return None
    lists = [rows for name, rows in unique_keys(result).items() if name != _CURSOR]
    return lists[0] if len(lists) == 1 and isinstance(lists[0], list) else None


def ohlc(document: RawDocument) -> ParsedObject:
    """The candles of the market and interval that the slot names; the last bucket is never closed."""
    product = CandleSeries.from_slot(document.key.slot.parts)
    series = CandleSeries(product.base + product.quote, product.base, product.quote, product.interval)
    validator, rows = validate_lists(document.rows, len(_BUCKET), numbers_as_text=True)
    fields = {name: (name, [row[place] for row in rows]) for place, name in enumerate(_BUCKET)}
    opened = validator.epoch_times(*fields["open_time"], document.received_at)
    closed = pc.less(opened, pc.max(opened))
    newest_closed = document.envelope["result"].get(_CURSOR)
    if _is_count(newest_closed):
        closed = pc.and_(closed, pc.less_equal(opened.cast(pa.int64()), int(newest_closed) * SECOND))
    notes = unknown_columns(rows, len(_BUCKET))
    return candles(document, validator, series, opened, fields, notes=notes, closed=closed)


def tickers(document: RawDocument) -> ParsedObject:
    """The last trade, the best prices and 24 hours of each pair; the slot names the currency."""
    currency = page_quote(document.key.slot.parts)
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    names = list(document.envelope["result"])
    pairs = validator.texts("pair", [names[number] for number in validator.row_numbers])
    bases = pa.array([name and base_of(name, currency) for name in pairs.to_pylist()], pa.string())
    validator.reject("unknown_symbol", bases.is_null(), "pair", pairs.to_pylist())
    altnames = pc.binary_join_element_wise(bases, currency, "")
    lacking = only_requested(document, validator, "pair", altnames, "pair")
    columns = {
        "base": canonical_symbols(document, bases),
        "quote": constant(currency, len(rows)),
        "raw_symbol": altnames,
        "observed_at": constant(document.received_at, len(rows), TIMESTAMP),
    }
    values = [{name: _item(fields.get(name), place) for name, place in _TICKER.values()} for fields in rows]
    for column, (name, place) in _TICKER.items():
        misshapen = pa.array([_is_misshapen(fields.get(name), place) for fields in rows], pa.bool_())
        if column == "price":
            validator.reject("bad_shape", misshapen, name, field_values(rows, name))
        else:
            validator.nullify("bad_shape", misshapen, name, pa.nulls(len(rows)))
    fields = {column: name for column, (name, _) in _TICKER.items()}
    notes = unknown_fields(rows, _TICKER_KNOWN) + lacking
    return quotes(document, validator, values, columns, fields, notes=notes)


def asset_pairs(document: RawDocument) -> ParsedObject:
    """Every pair, with the steps of its price and quantity; its sides are those of its ``wsname``."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    names = validator.texts("wsname", field_values(rows, "wsname"))
    sides = [(name and sides_of(name)) or (None, None) for name in names.to_pylist()]
    bases = pa.array([base for base, _ in sides], pa.string())
    validator.reject("unknown_symbol", bases.is_null(), "wsname", names.to_pylist())
    places = validator.integers("lot_decimals", field_values(rows, "lot_decimals"), pa.int32())
    outside = pc.or_(pc.less(places, 0), pc.greater(places, _MAX_DIGITS))
    places = validator.nullify("out_of_range", outside, "lot_decimals", places)
    steps = [None if count is None else Decimal(1).scaleb(-count) for count in places.to_pylist()]
    columns = origin_columns(document, len(rows)) | {
        "asset_id": validator.texts("altname", field_values(rows, "altname")),
        "base": canonical_symbols(document, bases),
        "quote": pa.array([quote for _, quote in sides], pa.string()),
        "symbol": bases,
        "status": validator.texts("status", field_values(rows, "status"), None),
        "price_increment": validator.decimals("tick_size", field_values(rows, "tick_size"), VOLUME),
        "quantity_increment": validator.decimals("lot_decimals", steps, VOLUME),
    }
    return slice_by_slot(document, validator, "assets", columns, unknown_fields(rows, _PAIR_KNOWN))


def trades(document: RawDocument) -> ParsedObject:
    """Trades of the market that the slot names, which the live feed may call otherwise."""
    named = history_market(document)
    market = live_market(*named)
    validator, lists = validate_lists(document.rows, len(_TRADE))
    rows = [dict(zip(_TRADE, row, strict=False)) for row in lists]
    sides = field_values(rows, "side")
    flags = [_IS_BUYER_MAKER.get(side, side) if isinstance(side, str) else side for side in sides]
    times = [_microseconds(moment) for moment in field_values(rows, "time")]
    columns = {
        **trade_columns(validator, rows, "trade_id", "volume"),
        "is_buyer_maker": validator.booleans("side", flags),
        "traded_at": validator.epoch_times("time", times, document.received_at, unit=1),
    }
    return trade_history(
        document,
        validator,
        columns,
        market=named,
        raw_symbol=market,
        stream=f"{market}@trade",
        notes=unknown_columns(lists, len(_TRADE)),
    )


def _is_misshapen(values: Any, place: int) -> bool:
    """Whether a field is there and no list that has so many values."""
    return values is not None and not (isinstance(values, list) and len(values) > place)


def _item(values: Any, place: int) -> Any:
    return None if values is None or _is_misshapen(values, place) else values[place]


def _is_count(value: Any) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _MAX_DIGITS - 6


def _microseconds(seconds: Any) -> Any:
    """Whole microseconds; what is no such number stays as it is, to be rejected."""
    return (seconds * SECOND).to_integral_value(ROUND_FLOOR) if _is_count(seconds) else seconds


DATASETS: Final[Mapping[str, Reader]] = {
    "assets": DocumentReader(asset_pairs, error, values_at("result"), _KNOWN, _MAX_PAIRS_VALUES),
    "candles": DocumentReader(ohlc, error, pair_rows, _KNOWN),
    "quotes": DocumentReader(tickers, error, values_at("result"), _KNOWN),
    "trade_history": DocumentReader(trades, error, pair_rows, _KNOWN),
}
