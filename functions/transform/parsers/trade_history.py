"""Trades by REST, which the collector asks for where its streams have a hole: ``trades``.

The slot is ``<BASE-QUOTE>.<first id>.<count>``. Binance's ``/historicalTrades`` is oldest first, its
times milliseconds or microseconds; Coinbase's ``/products/{id}/trades`` newest first, its times
ISO-8601, its side the maker's. Numbers are texts. Sources: Binance Spot API documentation, "Old trade
lookup"; Coinbase Exchange API reference, "Get product trades".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import LIVE_PRICE, LIVE_VOLUME
from transform.assembly import by_day, constant, origin
from transform.columns import Sheet
from transform.markets import base_and_quote
from transform.numbers import LIVE
from transform.parsed import Answer, Parsed, Unreadable
from transform.rows import field, objects, unlisted

_BINANCE_KNOWN: Final = {"id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"}
_COINBASE_KNOWN: Final = {"trade_id", "side", "size", "price", "time"}
_SIDES: Final = {"buy": True, "sell": False}
_PARTS: Final = 3


def binance(answer: Answer) -> Parsed:
    """Trades of the symbol that the slot names."""
    sheet, rows = objects(answer.rows)
    base, quote = _sides(answer)
    columns = {
        **_numbers(sheet, rows, "id", "qty"),
        "quote_quantity": _amount(sheet, rows, "quoteQty"),
        "is_buyer_maker": sheet.flags("isBuyerMaker", field(rows, "isBuyerMaker")),
        "traded_at": sheet.fine_times("time", field(rows, "time"), answer.received_at),
    }
    names = (f"{base}{quote}", f"{base}{quote}".lower() + "@trade")
    return _trades(answer, sheet, columns, names, unlisted(rows, _BINANCE_KNOWN))


def coinbase(answer: Answer) -> Parsed:
    """Trades of the product that the slot names."""
    sheet, rows = objects(answer.rows)
    product = "-".join(_sides(answer))
    columns = {
        **_numbers(sheet, rows, "trade_id", "size"),
        "is_buyer_maker": sheet.flags("side", [_flag(side) for side in field(rows, "side")]),
        "traded_at": sheet.iso_times("time", field(rows, "time"), answer.received_at),
    }
    return _trades(answer, sheet, columns, (product, f"{product}@match"), unlisted(rows, _COINBASE_KNOWN))


def _numbers(
    sheet: Sheet, rows: Sequence[Mapping[str, Any]], number: str, amount: str
) -> dict[str, pa.Array]:
    ids = sheet.integers(number, field(rows, number), pa.int64(), "missing_field")
    sheet.reject("out_of_range", pc.less(ids, 0), number, field(rows, number))
    prices = sheet.unrounded("price", field(rows, "price"), LIVE_PRICE, "missing_price")
    sheet.reject("out_of_range", LIVE[LIVE_PRICE].outside(prices), "price", field(rows, "price"))
    return {"trade_id": ids, "price": prices, "quantity": _amount(sheet, rows, amount, "missing_field")}


def _amount(
    sheet: Sheet, rows: Sequence[Mapping[str, Any]], name: str, missing: str | None = None
) -> pa.Array:
    amounts = sheet.unrounded(name, field(rows, name), LIVE_VOLUME, missing)
    sheet.reject("out_of_range", LIVE[LIVE_VOLUME].outside(amounts), name, field(rows, name))
    return amounts


def _trades(
    answer: Answer, sheet: Sheet, values: Mapping[str, pa.Array], names: tuple[str, str], notes: Sequence[str]
) -> Parsed:
    base, quote = _sides(answer)
    count = len(sheet.numbers)
    columns = origin(answer, count) | {
        "stream": constant(names[1], count),
        "base": constant(answer.symbol(base), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(names[0], count),
        **values,
    }
    return by_day(answer, sheet, "trades", columns, "traded_at", notes=notes)


def _sides(answer: Answer) -> tuple[str, str]:
    parts = answer.key.slot.parts
    if len(parts) != _PARTS or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise Unreadable("bad_slot", ".".join(parts))
    return base_and_quote(parts[0])


def _flag(side: Any) -> Any:
    """True for the maker's ``buy``; whatever is no side stays what it is, to be named."""
    return _SIDES.get(side, side) if isinstance(side, str) else side
