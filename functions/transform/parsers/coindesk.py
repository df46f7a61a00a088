"""CoinDesk Data API: index ticks become ``quotes``, spot history becomes ``candles``.

Everything comes as ``{Data, Err}`` with JSON numbers. Ticks are an object by instrument, their time
in seconds and the nanoseconds after; history is a list of buckets, each with the second it starts
in. An answer can hold an error beside its rows. Source: CoinDesk Data API documentation, "Index &
Reference Rates, Latest Tick" and "Spot, Historical OHLCV+".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.records import printable
from coinlake.tables import TIMESTAMP
from transform.assembly import symbols
from transform.candles import candles
from transform.columns import Sheet
from transform.documents import listed, named, once
from transform.markets import Market, sides
from transform.notes import new_fields
from transform.parsed import Answer, Parsed
from transform.quotes import quotes
from transform.rows import field, objects, unlisted

KNOWN: Final = frozenset({"Data", "Err"})
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
# Hundreds of statistics of other spans of time, which come or not with the groups that were asked for.
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


def error(document: dict[str, Any]) -> str | None:
    """``{Err: {message: text}}`` without data, or the older ``{Response: "Error", Message: text}``."""
    told = document.get("Err")
    if isinstance(told, dict) and told and not document.get("Data"):
        return str(told.get("message", told))
    return str(document.get("Message")) if document.get("Response") == "Error" else None


def tick_rows(document: Any) -> list[Any] | None:
    """The ticks by instrument."""
    return named(document.get("Data")) if isinstance(document, dict) else None


def bucket_rows(document: Any) -> list[Any] | None:
    """The list of buckets."""
    return listed(document.get("Data")) if isinstance(document, dict) else None


def ticks(answer: Answer) -> Parsed:
    """The latest value of each instrument."""
    sheet, rows = objects(answer.rows)
    instruments = list(answer.envelope["Data"])
    products = sheet.texts("INSTRUMENT", [instruments[number] for number in sheet.numbers])
    bases, currencies = sides(sheet, "INSTRUMENT", products)
    columns = {
        "base": symbols(answer, bases),
        "quote": currencies,
        "raw_symbol": products,
        "observed_at": _times(answer, sheet, rows),
    }
    names = set().union(*rows)
    notes = new_fields({name for name in names - _TICK_KNOWN if not _STATISTIC.fullmatch(name)})
    return quotes(answer, sheet, rows, columns, _TICK, notes=notes + _complaint(answer))


def history(answer: Answer) -> Parsed:
    """The buckets of the product and interval that the slot names."""
    market = Market.of(answer.key.slot.parts)
    sheet, rows = objects(answer.rows)
    _only(sheet, rows, "unknown_symbol", "INSTRUMENT", market.raw_symbol)
    _only(sheet, rows, "inconsistent", "UNIT", _UNITS[market.interval[-1]])
    fields = {column: (name, field(rows, name)) for column, name in _BUCKET.items()}
    opened = sheet.epoch_times(*fields["open_time"], answer.received_at)
    notes = unlisted(rows, _BUCKET_KNOWN) + _complaint(answer)
    return candles(answer, sheet, market, opened, fields, notes=notes)


def _times(answer: Answer, sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> pa.Array:
    """The second and the microseconds after, of which an older answer may say nothing."""
    seconds = sheet.epoch_times(_SECOND, field(rows, _SECOND), answer.received_at)
    values = field(rows, _NANOSECOND)
    nanoseconds = pc.fill_null(sheet.integers(_NANOSECOND, values, pa.int64()), 0)
    outside = pc.or_(pc.less(nanoseconds, 0), pc.greater_equal(nanoseconds, 10**9))
    sheet.reject("bad_time", outside, _NANOSECOND, values)
    within = pc.if_else(outside, 0, nanoseconds)
    return pc.add(seconds.cast(pa.int64()), pc.divide(within, 1000)).cast(TIMESTAMP)


def _only(sheet: Sheet, rows: Sequence[Mapping[str, Any]], code: str, name: str, wanted: str) -> None:
    """Every row says that it is what was asked for, or says nothing of it."""
    for row, value in enumerate(field(rows, name)):
        if value is not None and value != wanted:
            sheet.fault(row, code, name, value)


def _complaint(answer: Answer) -> list[str]:
    told = answer.envelope.get("Err")
    return (
        [f"api_error:{printable(once(told).get('message', told))}"] if isinstance(told, dict) and told else []
    )
