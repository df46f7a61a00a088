"""Prices at moments of the past, whatever their source: the columns that ``price_points`` share."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from coinlake.intervals import INTERVALS
from transform.assembly import by_month, constant, origin
from transform.columns import Sheet
from transform.markets import asset_and_quote
from transform.parsed import Answer, Parsed, Unreadable


def price_points(
    answer: Answer, sheet: Sheet, columns: Mapping[str, pa.Array], notes: Sequence[str]
) -> Parsed:
    """One row for each point of the asset that the slot names, one part for each month.

    ``columns`` have at least ``observed_at`` and ``price``.
    """
    parts = answer.key.slot.parts
    try:
        market, interval, _count = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    if interval not in INTERVALS:
        raise Unreadable("bad_slot", interval, "interval")
    asset, quote = asset_and_quote(market)
    count = len(sheet.numbers)
    about = {
        "base": constant(answer.symbol(asset), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(asset, count),
    }
    columns = {**origin(answer, count), **about, **columns}
    return by_month(answer, sheet, "price_points", columns, "observed_at", notes=notes)
