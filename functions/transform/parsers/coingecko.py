"""CoinGecko ``/coins/markets``: a page of objects, one for each coin, becomes ``quotes``.

Every value is a JSON number, integer or float for the same field; every number but the price may
be null. Source: CoinGecko API v3 reference, "Coins List with Market Data".
"""

from typing import Any, Final

import pyarrow as pa

from transform.assembly import constant, symbols
from transform.parsed import Answer, Parsed
from transform.quotes import only_requested, page_quote, quotes
from transform.rows import field, objects, unlisted

_DECIMALS: Final = {
    "price": "current_price",
    "volume_24h_quote": "total_volume",
    "high_24h": "high_24h",
    "low_24h": "low_24h",
    "change_24h_percent": "price_change_percentage_24h",
    "market_cap": "market_cap",
    "circulating_supply": "circulating_supply",
    "total_supply": "total_supply",
    "max_supply": "max_supply",
}
# What a coin has today: names that are ours to use, then names that stay in raw only.
_USED: Final = {"id", "market_cap_rank", "last_updated", *_DECIMALS.values()}
_UNUSED: Final = {
    *("symbol", "name", "image", "fully_diluted_valuation", "roi", "price_change_24h"),
    *("market_cap_change_24h", "market_cap_change_percentage_24h"),
    *("ath", "ath_change_percentage", "ath_date", "atl", "atl_change_percentage", "atl_date"),
}


def parse(answer: Answer) -> Parsed:
    """A page of coins; the slot's second part is the currency that the prices are in."""
    quote = page_quote(answer.key.slot.parts)
    sheet, rows = objects(answer.rows)
    ids = sheet.texts("id", field(rows, "id"))
    only_requested(answer, sheet, "id", ids)
    named = {
        "base": symbols(answer, ids),
        "quote": constant(quote, len(rows)),
        "raw_symbol": ids,
        "observed_at": sheet.iso_times("last_updated", field(rows, "last_updated"), answer.received_at),
        "rank": sheet.integers("market_cap_rank", field(rows, "market_cap_rank"), pa.int32()),
    }
    return quotes(answer, sheet, rows, named, _DECIMALS, notes=unlisted(rows, _USED | _UNUSED))


def error(document: dict[str, Any]) -> str | None:
    """CoinGecko has four envelopes: {status}, {error: {status}}, {error: text} and plain text."""
    inner = document.get("error", document)
    if isinstance(inner, str):
        return inner
    status = inner.get("status") if isinstance(inner, dict) else None
    if not isinstance(status, dict) or "error_code" not in status:
        return None
    return f"{status['error_code']} {status.get('error_message', '')}"
