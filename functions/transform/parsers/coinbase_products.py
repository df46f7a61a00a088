"""Coinbase Exchange: a product's ticker and statistics become ``quotes``, all products ``assets``.

Every number is written as text. A ticker's time has up to nine decimals of a second; statistics
have no time and are of when they were received. The list holds products that are no longer, or not
yet, traded. Sources: Coinbase Exchange API reference, "Get product ticker", "Get product stats"
and "Get all known trading pairs".
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from coinlake.tables import TIMESTAMP
from transform.assembly import by_slot, constant, origin, symbols
from transform.markets import base_and_quote, only_part, sides
from transform.numbers import VOLUME
from transform.parsed import Answer, Parsed
from transform.quotes import quotes
from transform.rows import decimals, field, objects, unlisted

_TICKER: Final = {"price": "price", "bid": "bid", "ask": "ask", "volume_24h_base": "volume"}
_TICKER_KNOWN: Final = {"time", "trade_id", "size", "rfq_volume", *_TICKER.values()}
_STATS: Final = {
    "price": "last",
    "open_24h": "open",
    "high_24h": "high",
    "low_24h": "low",
    "volume_24h_base": "volume",
}
_STATS_KNOWN: Final = {
    *("volume_30day", "rfq_volume_24hour", "rfq_volume_30day"),
    *("conversions_volume_24hour", "conversions_volume_30day"),
    *_STATS.values(),
}
_INCREMENTS: Final = {
    "price_increment": ("quote_increment", VOLUME),
    "quantity_increment": ("base_increment", VOLUME),
}
_PRODUCT_KNOWN: Final = {
    *("id", "base_currency", "quote_currency", "display_name", "status", "trading_disabled"),
    *("min_market_funds", "margin_enabled", "post_only", "limit_only", "cancel_only", "status_message"),
    *("fx_stablecoin", "max_slippage_percentage", "auction_mode", "high_bid_limit_percentage"),
    *(name for name, _ in _INCREMENTS.values()),
}


def single(document: Any) -> list[Any] | None:
    """An answer about one product is its only row."""
    return [document] if isinstance(document, dict) else None


def ticker(answer: Answer) -> Parsed:
    """The last trade of the product that the slot names, and the best prices."""
    sheet, rows = objects(answer.rows, written=True)
    time = sheet.iso_times("time", field(rows, "time"), answer.received_at)
    named = _named(answer, len(rows), time)
    return quotes(answer, sheet, rows, named, _TICKER, notes=unlisted(rows, _TICKER_KNOWN))


def stats(answer: Answer) -> Parsed:
    """The last 24 hours of the product that the slot names."""
    sheet, rows = objects(answer.rows, written=True)
    named = _named(answer, len(rows), constant(answer.received_at, len(rows), TIMESTAMP))
    return quotes(answer, sheet, rows, named, _STATS, notes=unlisted(rows, _STATS_KNOWN))


def products(answer: Answer) -> Parsed:
    """Every product; the sides are taken from its id, as an auction of BTC has the base BTC elsewhere."""
    sheet, rows = objects(answer.rows, written=True)
    ids = sheet.texts("id", field(rows, "id"))
    bases, currencies = sides(sheet, "id", ids)
    columns = origin(answer, len(rows)) | {
        "asset_id": ids,
        "base": symbols(answer, bases),
        "quote": currencies,
        "name": sheet.texts("display_name", field(rows, "display_name"), None),
        "symbol": bases,
        "status": sheet.texts("status", [_status(row) for row in rows], None),
        **decimals(sheet, rows, _INCREMENTS),
    }
    return by_slot(answer, sheet, "assets", columns, unlisted(rows, _PRODUCT_KNOWN))


def _named(answer: Answer, count: int, observed: pa.Array) -> dict[str, pa.Array]:
    product = only_part(answer.key.slot.parts)
    base, quote = base_and_quote(product)
    return {
        "base": constant(answer.symbol(base), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(product, count),
        "observed_at": observed,
    }


def _status(row: Mapping[str, Any]) -> Any:
    """Coinbase keeps calling a product online while its trading is disabled."""
    status = row.get("status")
    return "trading_disabled" if status == "online" and row.get("trading_disabled") is True else status
