"""Snapshots of prices, whatever their source: the checks and columns that all ``quotes`` share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.records import printable
from transform.columns.numbers import ANY, PRICE, VOLUME
from transform.columns.validation import MAX_NEW_FIELDS, ColumnValidator, field_values
from transform.model import UNANSWERED, ParsedObject, RawDocument
from transform.tables.assembly import origin_columns, slice_by_slot

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

_ASSET_ID: Final = re.compile(r'[^,"\[\]\s]+')  # in a,b as in ["a","b"]


def quotes(
    document: RawDocument,
    validator: ColumnValidator,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, pa.Array],
    fields: Mapping[str, str],
    *,
    notes: Sequence[str],
) -> ParsedObject:
    """One row for each asset; ``fields`` names the source's field for each column of ``LIMITS``.

    ``columns`` are the other columns, made by the source's parser.
    """
    decimals = {
        column: validator.decimals(
            name, field_values(rows, name), LIMITS[column], "missing_price" if column == "price" else None
        )
        for column, name in fields.items()
    }
    for column in decimals.keys() & {"bid", "ask"}:  # an empty side of the book is written as zero
        decimals[column] = pc.if_else(pc.equal(decimals[column], 0), None, decimals[column])
    if "high_24h" in decimals:
        upside_down = pc.less(decimals["high_24h"], decimals["low_24h"])
        for column in ("high_24h", "low_24h"):  # which of the two is wrong nobody knows
            decimals[column] = validator.nullify(
                "inconsistent", upside_down, fields[column], decimals[column]
            )
    columns = {**origin_columns(document, len(rows)), **columns, **decimals}
    return slice_by_slot(document, validator, "quotes", columns, notes)


def only_requested(
    document: RawDocument, validator: ColumnValidator, name: str, ids: pa.Array, parameter: str = "ids"
) -> list[str]:
    """Reject assets that the request's URL did not name: a feed by name gets those it named, no others.

    The notes are of those that it named and did not get.
    """
    if requested := _requested(document, parameter):
        names = pa.array(requested, pa.string())
        validator.reject("unknown_symbol", pc.invert(pc.is_in(ids, names)), name, ids.to_pylist())
    return unanswered(document, ids, parameter)


def unanswered(document: RawDocument, ids: pa.Array, parameter: str = "ids") -> list[str]:
    """Notes for the assets that the request's URL named and the answer lacks."""
    came = set(ids.to_pylist())
    lacking = [asset for asset in _requested(document, parameter) if asset not in came]
    return [f"{UNANSWERED}{printable(asset)}" for asset in lacking[:MAX_NEW_FIELDS]]


def _requested(document: RawDocument, parameter: str) -> list[str]:
    values = parse_qs(urlsplit(document.url).query).get(parameter)
    return _ASSET_ID.findall(values[0]) if values else []
