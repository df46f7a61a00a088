"""CoinDesk: the Data API's index ticks become ``quotes``, its spot history ``candles``; the retired
Bitcoin Price Index, from raw objects of before, ``quotes`` of BTC.

The Data API answers ``{Data, Err}`` with JSON numbers. Ticks are an object by instrument, their time
in seconds and the nanoseconds after; history is a list of buckets, each with the second it starts
in. A response can hold an error together with rows. Source: CoinDesk Data API documentation, "Index &
Reference Rates, Latest Tick" and "Spot, Historical OHLCV+".

The index, retired in 2025, has in ``bpi`` an object by currency. ``rate`` is text with commas, cut to three
decimals, ``rate_float`` the same as a JSON number with all of its digits; ``symbol`` is a sign escaped for
HTML. Source: the body that api.coindesk.com/v1/bpi/currentprice.json gave, as countless tutorials show it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.records import printable
from coinlake.tables import TIMESTAMP
from transform.columns.numbers import PRICE
from transform.columns.validation import (
    ColumnValidator,
    field_values,
    new_field_notes,
    unknown_fields,
    validate_objects,
)
from transform.model import ParsedObject, RawDocument, Reader
from transform.readers.documents import DocumentReader, list_at, unique_keys, values_at
from transform.tables.assembly import canonical_symbols, constant
from transform.tables.candles import candles
from transform.tables.markets import CandleSeries, split_products
from transform.tables.quotes import quotes, unanswered

_KNOWN: Final = frozenset({"Data", "Err"})
_TICK: Final = {
    "price": "VALUE",
    "volume_24h_base": "MOVING_24_HOUR_VOLUME",
    "volume_24h_quote": "MOVING_24_HOUR_QUOTE_VOLUME",
    "open_24h": "MOVING_24_HOUR_OPEN",
    "high_24h": "MOVING_24_HOUR_HIGH",
    "low_24h": "MOVING_24_HOUR_LOW",
    "change_24h_percent": "MOVING_24_HOUR_CHANGE_PERCENTAGE",
}
_SECOND: Final = "VALUE_LAST_UPDATE_TS"
_NANOSECOND: Final = "VALUE_LAST_UPDATE_TS_NS"
_TICK_KNOWN: Final = {"TYPE", "MARKET", "INSTRUMENT", "MAPPED_INSTRUMENT", "CCSEQ", "VALUE", "VALUE_FLAG"}
# Hundreds of statistics of other spans of time, which depend on the groups that were requested.
_STATISTIC: Final = re.compile(r"(?:VALUE|LAST|CURRENT|MOVING|LIFETIME)_[A-Z0-9_]+")
_BUCKET: Final = {
    "open_time": "TIMESTAMP",
    "open": "OPEN",
    "high": "HIGH",
    "low": "LOW",
    "close": "CLOSE",
    "volume": "VOLUME",
    "quote_volume": "QUOTE_VOLUME",
    "trades": "TOTAL_TRADES",
}
_BUCKET_KNOWN: Final = {
    *("UNIT", "TYPE", "MARKET", "INSTRUMENT", "MAPPED_INSTRUMENT", "BASE", "QUOTE", "BASE_ID", "QUOTE_ID"),
    *("TRANSFORM_FUNCTION", "FIRST_TRADE_TIMESTAMP", "LAST_TRADE_TIMESTAMP", "FIRST_TRADE_PRICE"),
    *("HIGH_TRADE_PRICE", "HIGH_TRADE_TIMESTAMP", "LOW_TRADE_PRICE", "LOW_TRADE_TIMESTAMP"),
    *("LAST_TRADE_PRICE", "TOTAL_TRADES_BUY", "TOTAL_TRADES_SELL", "TOTAL_TRADES_UNKNOWN"),
    *("VOLUME_BUY", "VOLUME_SELL", "VOLUME_UNKNOWN"),
    *("QUOTE_VOLUME_BUY", "QUOTE_VOLUME_SELL", "QUOTE_VOLUME_UNKNOWN"),
    *_BUCKET.values(),
}
_UNITS: Final = {"m": "MINUTE", "h": "HOUR", "d": "DAY"}
_BPI_KNOWN: Final = frozenset({"time", "disclaimer", "chartName", "bpi"})
_RATE_KNOWN: Final = {"code", "symbol", "rate", "description", "rate_float"}
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?", re.ASCII)
_CUT: Final = 0.001
_BITCOIN: Final = "BTC"


def error(document: dict[str, Any]) -> str | None:
    """``{Err: {message: text}}`` without data, or the older ``{Response: "Error", Message: text}``."""
    err = document.get("Err")
    if isinstance(err, dict) and err and not document.get("Data"):
        return str(err.get("message", err))
    return str(document.get("Message")) if document.get("Response") == "Error" else None


def ticks(document: RawDocument) -> ParsedObject:
    """The latest value of each instrument."""
    validator, rows = validate_objects(document.rows)
    instruments = list(document.envelope["Data"])
    products = validator.texts("INSTRUMENT", [instruments[number] for number in validator.row_numbers])
    bases, currencies = split_products(validator, "INSTRUMENT", products)
    columns = {
        "base": canonical_symbols(document, bases),
        "quote": currencies,
        "raw_symbol": products,
        "observed_at": _tick_times(document, validator, rows),
    }
    names = set().union(*rows)
    notes = new_field_notes({name for name in names - _TICK_KNOWN if not _STATISTIC.fullmatch(name)})
    notes += _error_notes(document) + unanswered(document, products, "instruments")
    return quotes(document, validator, rows, columns, _TICK, notes=notes)


def history(document: RawDocument) -> ParsedObject:
    """The buckets of the product and interval that the slot names."""
    series = CandleSeries.from_slot(document.key.slot.parts)
    validator, rows = validate_objects(document.rows)
    _require_value(validator, rows, "unknown_symbol", "INSTRUMENT", series.raw_symbol)
    _require_value(validator, rows, "inconsistent", "UNIT", _UNITS[series.interval[-1]])
    fields = {column: (name, field_values(rows, name)) for column, name in _BUCKET.items()}
    opened = validator.epoch_times(*fields["open_time"], document.received_at)
    notes = unknown_fields(rows, _BUCKET_KNOWN) + _error_notes(document)
    return candles(document, validator, series, opened, fields, notes=notes)


def _tick_times(
    document: RawDocument, validator: ColumnValidator, rows: Sequence[Mapping[str, Any]]
) -> pa.Array:
    """The second and the microseconds after, which an older response may lack."""
    seconds = validator.epoch_times(_SECOND, field_values(rows, _SECOND), document.received_at)
    values = field_values(rows, _NANOSECOND)
    nanoseconds = pc.fill_null(validator.integers(_NANOSECOND, values, pa.int64()), 0)
    outside = pc.or_(pc.less(nanoseconds, 0), pc.greater_equal(nanoseconds, 10**9))
    within = pc.fill_null(validator.nullify("bad_time", outside, _NANOSECOND, nanoseconds), 0)
    return pc.add(seconds.cast(pa.int64()), pc.divide(within, 1000)).cast(TIMESTAMP)


def _require_value(
    validator: ColumnValidator, rows: Sequence[Mapping[str, Any]], code: str, name: str, expected: str
) -> None:
    """Reject rows whose field says that they are something else than was requested."""
    for row, value in enumerate(field_values(rows, name)):
        if value is not None and value != expected:
            validator.reject_row(row, code, name, value)


def _error_notes(document: RawDocument) -> list[str]:
    err = document.envelope.get("Err")
    return (
        [f"api_error:{printable(unique_keys(err).get('message', err))}"]
        if isinstance(err, dict) and err
        else []
    )


def price_index(document: RawDocument) -> ParsedObject:
    """One row for each currency of the Bitcoin Price Index, all of the same time."""
    validator, rates = validate_objects(document.rows, numbers_as_text=True)
    names = list(document.envelope["bpi"])
    codes = validator.texts("code", [names[number] for number in validator.row_numbers])
    time = document.envelope.get("time")
    updated = time.get("updatedISO") if isinstance(time, dict) else None
    columns = {
        "base": constant(document.symbol(_BITCOIN), len(rates)),
        "quote": codes,
        "raw_symbol": pa.array([code and f"{_BITCOIN}-{code}" for code in codes.to_pylist()], pa.string()),
        "observed_at": validator.iso_times("updatedISO", [updated] * len(rates), document.received_at),
        "price": _rate_prices(validator, field_values(rates, "rate"), field_values(rates, "rate_float")),
    }
    return quotes(document, validator, rates, columns, {}, notes=unknown_fields(rates, _RATE_KNOWN))


def _rate_prices(validator: ColumnValidator, texts: list[Any], numbers: list[Any]) -> pa.Array:
    """The number with all of its digits; where there is none, the text, which must not mean another."""
    cut = validator.decimals("rate", [_ungrouped(text) for text in texts], PRICE, condemns=True)
    exact = validator.decimals("rate_float", numbers, PRICE, condemns=True)
    apart = pc.abs(pc.subtract(cut.cast(pa.float64()), exact.cast(pa.float64())))
    validator.reject("inconsistent", pc.greater(apart, _CUT), "rate", texts)
    prices = pc.coalesce(exact, cut)
    validator.reject("missing_price", prices.is_null(), "rate_float")
    return prices


def _ungrouped(text: Any) -> Any:
    return text.replace(",", "") if isinstance(text, str) and _GROUPED.fullmatch(text) else text


def _no_error(_: dict[str, Any]) -> str | None:
    """The index never had an error envelope in JSON."""
    return None


DATASETS: Final[Mapping[str, Reader]] = {
    "bpi": DocumentReader(price_index, _no_error, values_at("bpi"), _BPI_KNOWN),
    "candles": DocumentReader(history, error, list_at("Data"), _KNOWN),
    "quotes": DocumentReader(ticks, error, values_at("Data"), _KNOWN),
}
