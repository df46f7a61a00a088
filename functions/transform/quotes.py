"""Snapshots of prices, whatever their source: the checks and columns that all ``quotes`` share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from transform.assembly import by_slot, origin
from transform.columns import Sheet
from transform.numbers import ANY, PRICE, VOLUME, Limits
from transform.parsed import Answer, Parsed, Unreadable
from transform.rows import field

LIMITS: Final = {
    "price": PRICE,
    "bid": VOLUME,
    "ask": VOLUME,
    "volume_24h_base": VOLUME,
    "volume_24h_quote": VOLUME,
    "open_24h": PRICE,
    "high_24h": PRICE,
    "low_24h": PRICE,
    "change_24h_percent": ANY,
    "market_cap": ANY,
    "circulating_supply": ANY,
    "total_supply": ANY,
    "max_supply": ANY,
}

_NAME: Final = re.compile(r'[^,"\[\]\s]+')  # in a,b as in ["a","b"]


def quotes(
    answer: Answer,
    sheet: Sheet,
    rows: Sequence[Mapping[str, Any]],
    named: Mapping[str, pa.Array],
    fields: Mapping[str, str],
    *,
    notes: Sequence[str],
) -> Parsed:
    """One row for each asset; ``fields`` names the source's field for each column of ``LIMITS``.

    ``named`` are the other columns, made by the source's parser.
    """
    columns = {column: _decimals(sheet, rows, column, name) for column, name in fields.items()}
    for column in columns.keys() & {"bid", "ask"}:  # an empty side of the book is written as zero
        columns[column] = pc.if_else(pc.equal(columns[column], 0), None, columns[column])
    if "high_24h" in columns:
        upside_down = pc.less(columns["high_24h"], columns["low_24h"])
        sheet.reject("inconsistent", upside_down, fields["high_24h"], field(rows, fields["high_24h"]))
    return by_slot(answer, sheet, "quotes", {**origin(answer, len(rows)), **named, **columns}, notes)


def page_quote(parts: tuple[str, ...]) -> str:
    """The currency of a slot that names feed, currency and page."""
    try:
        _feed, currency, _page = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    return currency.upper()


def only_requested(answer: Answer, sheet: Sheet, name: str, ids: pa.Array, parameter: str = "ids") -> None:
    """A feed that names its assets sends them; one that was not asked for is not ours to keep."""
    requested = parse_qs(urlsplit(answer.url).query).get(parameter)
    if requested:
        wanted = pa.array(_NAME.findall(requested[0]), pa.string())
        sheet.reject("unknown_symbol", pc.invert(pc.is_in(ids, wanted)), name, ids.to_pylist())


def _decimals(sheet: Sheet, rows: Sequence[Mapping[str, Any]], column: str, name: str) -> pa.Array:
    limits: Limits = LIMITS[column]
    return sheet.decimals(name, field(rows, name), limits, "missing_price" if column == "price" else None)
