"""Trades by REST, which the collector requests where its streams have a gap, of any venue: ``trades``.

The slot is ``<BASE-QUOTE>.<first id>.<count>``. Numbers are texts.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import LIVE_PRICE, LIVE_VOLUME
from transform.columns.numbers import LIVE_LIMITS
from transform.columns.validation import ColumnValidator, field_values
from transform.model import ParsedObject, RawDocument, Unreadable
from transform.tables.assembly import constant, origin_columns, slice_by_day
from transform.tables.markets import base_and_quote, split_product

_SLOT_PARTS: Final = 3


def history_market(
    document: RawDocument, split: Callable[[str], tuple[str, str] | None] = lambda _: None
) -> tuple[str, str]:
    """Base and quote of the market that the slot names; ``split`` is for a venue's symbol as it is, which
    the collector keeps where it cannot tell its sides."""
    parts = document.key.slot.parts
    if len(parts) != _SLOT_PARTS or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise Unreadable("bad_slot", ".".join(parts))
    return split_product(parts[0]) or split(parts[0]) or base_and_quote(parts[0])


def trade_columns(
    validator: ColumnValidator, rows: Sequence[Mapping[str, Any]], trade_id: str, quantity: str
) -> dict[str, pa.Array]:
    """The columns that every venue fills, from the fields of these names and ``price``."""
    ids = validator.integers(trade_id, field_values(rows, trade_id), pa.int64(), "missing_field")
    validator.reject("out_of_range", pc.less(ids, 0), trade_id, field_values(rows, trade_id))
    prices = validator.unrounded_decimals("price", field_values(rows, "price"), LIVE_PRICE, "missing_price")
    outside = LIVE_LIMITS[LIVE_PRICE].outside(prices)
    validator.reject("out_of_range", outside, "price", field_values(rows, "price"))
    quantities = validator.unrounded_decimals(
        quantity, field_values(rows, quantity), LIVE_VOLUME, "missing_field"
    )
    outside = LIVE_LIMITS[LIVE_VOLUME].outside(quantities)
    validator.reject("out_of_range", outside, quantity, field_values(rows, quantity))
    return {"trade_id": ids, "price": prices, "quantity": quantities}


def trade_amounts(validator: ColumnValidator, rows: Sequence[Mapping[str, Any]], name: str) -> pa.Array:
    """A column of amounts with eight decimals that may be null."""
    amounts = validator.unrounded_decimals(name, field_values(rows, name), LIVE_VOLUME)
    return validator.nullify("out_of_range", LIVE_LIMITS[LIVE_VOLUME].outside(amounts), name, amounts)


def trade_history(
    document: RawDocument,
    validator: ColumnValidator,
    columns: Mapping[str, pa.Array],
    *,
    market: tuple[str, str],
    raw_symbol: str,
    stream: str,
    notes: Sequence[str],
) -> ParsedObject:
    """One row for each trade, as if it had come by ``stream``; one slice for each day."""
    base, quote = market
    count = len(validator.row_numbers)
    columns = {
        **origin_columns(document, count),
        "stream": constant(stream, count),
        "base": constant(document.symbol(base), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(raw_symbol, count),
        **columns,
    }
    return slice_by_day(document, validator, "trades", columns, "traded_at", notes=notes)
