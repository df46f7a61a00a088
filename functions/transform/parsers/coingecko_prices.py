"""CoinGecko ``/simple/price`` becomes ``quotes``, ``/coins/list`` becomes ``assets``.

Prices come as an object of coins by id, each an object of numbers named for the currency; a coin
that CoinGecko does not know is absent, and a change of null marks a price that is stale. Coins
are listed as objects of texts; symbols are not unique. Source: CoinGecko API v3 reference, "Coin
Price by IDs" and "Coins List".
"""

from typing import Final

from transform.assembly import by_slot, constant, origin, symbols
from transform.parsed import Answer, Parsed
from transform.quotes import only_requested, page_quote, quotes
from transform.rows import field, objects, unlisted

_DECIMALS: Final = {
    "price": "{}",
    "market_cap": "{}_market_cap",
    "volume_24h_quote": "{}_24h_vol",
    "change_24h_percent": "{}_24h_change",
}
_TIME: Final = "last_updated_at"
_LISTED: Final = frozenset({"id", "symbol", "name", "platforms"})


def prices(answer: Answer) -> Parsed:
    """Coins by id; the slot's second part is the currency that the prices are in."""
    quote = page_quote(answer.key.slot.parts)
    sheet, rows = objects(answer.rows)
    names = list(answer.envelope)
    ids = sheet.texts("id", [names[number] for number in sheet.numbers])
    only_requested(answer, sheet, "id", ids)
    fields = {column: name.format(quote.lower()) for column, name in _DECIMALS.items()}
    named = {
        "base": symbols(answer, ids),
        "quote": constant(quote, len(rows)),
        "raw_symbol": ids,
        "observed_at": sheet.epoch_times(_TIME, field(rows, _TIME), answer.received_at),
    }
    notes = unlisted(rows, {_TIME, *fields.values()})
    return quotes(answer, sheet, rows, named, fields, notes=notes)


def coins(answer: Answer) -> Parsed:
    """Every coin that CoinGecko has; a coin has no quote and no increments."""
    sheet, rows = objects(answer.rows)
    ids = sheet.texts("id", field(rows, "id"))
    columns = origin(answer, len(rows)) | {
        "asset_id": ids,
        "base": symbols(answer, ids),
        "name": sheet.texts("name", field(rows, "name"), None),
        "symbol": sheet.texts("symbol", field(rows, "symbol"), None),
    }
    return by_slot(answer, sheet, "assets", columns, unlisted(rows, _LISTED))
