"""CoinCap, version 3 and the retired 2: assets become ``quotes``, rates ``rates``, history ``price_points``.

Everything comes as ``{data, timestamp}``; every number, a rank too, is written as text with up to
29 digits, except for times, in milliseconds. ``data`` is a list, or one object where a single asset
was asked for; version 2 now answers with an object of one message. Sources: CoinCap API 3.0
documentation (OpenAPI); for version 2 the bodies that lightninglabs/faraday and x-cmd#217 captured.
"""

from typing import Any, Final

import pyarrow as pa

from transform.assembly import by_slot, constant, origin, symbols
from transform.columns import Sheet
from transform.documents import once
from transform.numbers import PRICE
from transform.parsed import Answer, Parsed
from transform.points import price_points
from transform.quotes import only_requested, page_quote, quotes
from transform.rows import field, objects, unlisted
from transform.times import MILLISECOND

KNOWN: Final = frozenset({"data", "timestamp"})
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


def data(document: Any) -> list[Any] | None:
    """The rows in ``data``."""
    found = document.get("data") if isinstance(document, dict) else None
    if isinstance(found, dict):
        return [found] if "id" in found else None
    return found if isinstance(found, list) else None


def error(document: dict[str, Any]) -> str | None:
    """``{error: text}``, or version 2's notice of its end, ``{data: {message: text}}``."""
    found = document.get("data")
    message = once(found).get("message") if isinstance(found, dict) else document.get("error")
    return message if isinstance(message, str) else None


def assets(answer: Answer) -> Parsed:
    """The latest price of each asset, as of the envelope's time."""
    quote = page_quote(answer.key.slot.parts)
    sheet, rows = objects(answer.rows, written=True)
    ids = sheet.texts("id", field(rows, "id"))
    only_requested(answer, sheet, "id", ids)
    named = {
        "base": symbols(answer, ids),
        "quote": constant(quote, len(rows)),
        "raw_symbol": ids,
        "observed_at": _answered_at(answer, sheet, len(rows)),
        "rank": sheet.integers("rank", field(rows, "rank"), pa.int32()),
    }
    return quotes(answer, sheet, rows, named, _ASSET, notes=unlisted(rows, _ASSET_KNOWN))


def rates(answer: Answer) -> Parsed:
    """What one unit of each currency is worth in USD, as of the envelope's time."""
    sheet, rows = objects(answer.rows, written=True)
    columns = origin(answer, len(rows)) | {
        "rate_id": sheet.texts("id", field(rows, "id")),
        "symbol": sheet.texts("symbol", field(rows, "symbol")),
        "currency_symbol": sheet.texts("currencySymbol", field(rows, "currencySymbol"), None),
        "kind": sheet.texts("type", field(rows, "type")),
        "rate_usd": sheet.decimals("rateUsd", field(rows, "rateUsd"), PRICE, "missing_price"),
        "observed_at": _answered_at(answer, sheet, len(rows)),
    }
    return by_slot(answer, sheet, "rates", columns, unlisted(rows, _RATE_KNOWN))


def history(answer: Answer) -> Parsed:
    """Past prices of the asset that the slot names."""
    sheet, rows = objects(answer.rows, written=True)
    columns = {
        "observed_at": sheet.epoch_times("time", field(rows, "time"), answer.received_at, MILLISECOND),
        "price": sheet.decimals("priceUsd", field(rows, "priceUsd"), PRICE, "missing_price"),
    }
    return price_points(answer, sheet, columns, unlisted(rows, _POINT_KNOWN))


def _answered_at(answer: Answer, sheet: Sheet, count: int) -> pa.Array:
    times = [answer.envelope.get("timestamp")] * count
    return sheet.epoch_times("timestamp", times, answer.received_at, MILLISECOND)
