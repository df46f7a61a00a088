"""Prices at moments of the past, whatever their source: the columns that ``price_points`` share."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from coinlake.intervals import INTERVALS
from transform.columns.validation import ColumnValidator
from transform.model import ParsedObject, RawDocument, Unreadable
from transform.tables.assembly import constant, origin_columns, slice_by_month
from transform.tables.markets import asset_and_quote


def price_points(
    document: RawDocument, validator: ColumnValidator, columns: Mapping[str, pa.Array], notes: Sequence[str]
) -> ParsedObject:
    """One row for each point of the asset that the slot names, one slice for each month.

    ``columns`` have at least ``observed_at`` and ``price``.
    """
    parts = document.key.slot.parts
    try:
        market, interval, _count = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    if interval not in INTERVALS:
        raise Unreadable("bad_slot", interval, "interval")
    asset, quote = asset_and_quote(market)
    count = len(validator.row_numbers)
    about = {
        "base": constant(document.symbol(asset), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(asset, count),
    }
    columns = {**origin_columns(document, count), **about, **columns}
    return slice_by_month(document, validator, "price_points", columns, "observed_at", notes=notes)
