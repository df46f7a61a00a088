"""CoinCap, version 3 and the retired 2: assets become ``quotes``, rates ``rates``, history ``price_points``.

Everything comes as ``{data, timestamp}``; every number, a rank too, is written as text with up to
29 digits, except for times, in milliseconds. ``data`` is a list, or one object where a single asset
was requested; version 2 now answers with an object of one message. Sources: CoinCap API 3.0
documentation (OpenAPI); for version 2 the bodies that lightninglabs/faraday and x-cmd#217 captured.
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from transform.columns.numbers import PRICE
from transform.columns.times import MILLISECOND
from transform.columns.validation import ColumnValidator, field_values, unknown_fields, validate_objects
from transform.model import ParsedObject, RawDocument, Reader
from transform.readers.documents import DocumentReader, unique_keys
from transform.tables.assembly import canonical_symbols, constant, origin_columns, slice_by_slot
from transform.tables.markets import page_quote
from transform.tables.price_points import price_points
from transform.tables.quotes import only_requested, quotes

_KNOWN: Final = frozenset({"data", "timestamp"})
_ASSET: Final = {
    "price": "priceUsd",
    "volume_24h_quote": "volumeUsd24Hr",
    "change_24h_percent": "changePercent24Hr",
    "market_cap": "marketCapUsd",
    "circulating_supply": "supply",
    "max_supply": "maxSupply",
}
_ASSET_KNOWN: Final = {"id", "rank", "symbol", "name", "vwap24Hr", "explorer", *_ASSET.values()}
_RATE_KNOWN: Final = {"id", "symbol", "currencySymbol", "type", "rateUsd"}
_POINT_KNOWN: Final = {"priceUsd", "time", "date"}


def data_rows(document: Any) -> list[Any] | None:
    """The rows in ``data``."""
    data = document.get("data") if isinstance(document, dict) else None
    if isinstance(data, dict):
        return [data] if "id" in data else None
    return data if isinstance(data, list) else None


def error(document: dict[str, Any]) -> str | None:
    """``{error: text}``, or version 2's notice of its end, ``{data: {message: text}}``."""
    data = document.get("data")
    message = unique_keys(data).get("message") if isinstance(data, dict) else document.get("error")
    return message if isinstance(message, str) else None


def assets(document: RawDocument) -> ParsedObject:
    """The latest price of each asset, as of the envelope's time."""
    quote = page_quote(document.key.slot.parts)
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    ids = validator.texts("id", field_values(rows, "id"))
    lacking = only_requested(document, validator, "id", ids)
    columns = {
        "base": canonical_symbols(document, ids),
        "quote": constant(quote, len(rows)),
        "raw_symbol": ids,
        "observed_at": _answered_at(document, validator, len(rows)),
        "rank": validator.integers("rank", field_values(rows, "rank"), pa.int32()),
    }
    return quotes(
        document, validator, rows, columns, _ASSET, notes=unknown_fields(rows, _ASSET_KNOWN) + lacking
    )


def rates(document: RawDocument) -> ParsedObject:
    """What one unit of each currency is worth in USD, as of the envelope's time."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    columns = origin_columns(document, len(rows)) | {
        "rate_id": validator.texts("id", field_values(rows, "id")),
        "symbol": validator.texts("symbol", field_values(rows, "symbol")),
        "currency_symbol": validator.texts("currencySymbol", field_values(rows, "currencySymbol"), None),
        "kind": validator.texts("type", field_values(rows, "type")),
        "rate_usd": validator.decimals("rateUsd", field_values(rows, "rateUsd"), PRICE, "missing_price"),
        "observed_at": _answered_at(document, validator, len(rows)),
    }
    return slice_by_slot(document, validator, "rates", columns, unknown_fields(rows, _RATE_KNOWN))


def history(document: RawDocument) -> ParsedObject:
    """Past prices of the asset that the slot names."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    columns = {
        "observed_at": validator.epoch_times(
            "time", field_values(rows, "time"), document.received_at, MILLISECOND
        ),
        "price": validator.decimals("priceUsd", field_values(rows, "priceUsd"), PRICE, "missing_price"),
    }
    return price_points(document, validator, columns, unknown_fields(rows, _POINT_KNOWN))


def _answered_at(document: RawDocument, validator: ColumnValidator, count: int) -> pa.Array:
    times = [document.envelope.get("timestamp")] * count
    return validator.epoch_times("timestamp", times, document.received_at, MILLISECOND)


DATASETS: Final[Mapping[str, Reader]] = {
    "price_points": DocumentReader(history, error, data_rows, _KNOWN),
    "quotes": DocumentReader(assets, error, data_rows, _KNOWN),
    "rates": DocumentReader(rates, error, data_rows, _KNOWN),
}
