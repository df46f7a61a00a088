"""CoinGecko ``/coins/markets``: a page of objects, one for each coin, becomes ``quotes``.

Every value is a JSON number, integer or float for the same field; every number but the price may
be null. Source: CoinGecko API v3 reference, "Coins List with Market Data".
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.records import Rejection
from coinlake.tables import TIMESTAMP, tables
from transform.assembly import constant, parsed, trusted_rows
from transform.columns import Sheet, new_fields
from transform.numbers import ANY, PRICE, VOLUME
from transform.parsed import Answer, Parsed, Part, Unreadable
from transform.payload import Repeated

_DECIMALS: Final = {
    "volume_24h_quote": ("total_volume", VOLUME),
    "high_24h": ("high_24h", PRICE),
    "low_24h": ("low_24h", PRICE),
    "change_24h_percent": ("price_change_percentage_24h", ANY),
    "market_cap": ("market_cap", ANY),
    "circulating_supply": ("circulating_supply", ANY),
    "total_supply": ("total_supply", ANY),
    "max_supply": ("max_supply", ANY),
}
# What a coin has today: names that are ours to use, then names that stay in raw only.
_USED: Final = {"id", "current_price", "market_cap_rank", "last_updated"} | {
    name for name, _ in _DECIMALS.values()
}
_UNUSED: Final = {
    *("symbol", "name", "image", "fully_diluted_valuation", "roi", "price_change_24h"),
    *("market_cap_change_24h", "market_cap_change_percentage_24h"),
    *("ath", "ath_change_percentage", "ath_date", "atl", "atl_change_percentage", "atl_date"),
}
_KNOWN: Final = _USED | _UNUSED


def parse(answer: Answer) -> Parsed:
    """A page of coins; the slot's second part is the currency that the prices are in."""
    quote = _quote(answer.key.slot.parts)
    sheet = _sheet(answer.rows)
    rows = [answer.rows[number] for number in sheet.numbers]
    table = tables()["quotes"]
    columns = _columns(answer, sheet, rows) | {"quote": constant(quote, len(rows))}
    part = Part(table.name, f"dt={answer.key.slot.dt}", trusted_rows(sheet, table, columns))
    return parsed(answer, sheet, [part], new_fields(set().union(*rows) - _KNOWN))


def error(document: dict[str, Any]) -> str | None:
    """CoinGecko has four envelopes: {status}, {error: {status}}, {error: text} and plain text."""
    inner = document.get("error", document)
    if isinstance(inner, str):
        return inner
    status = inner.get("status") if isinstance(inner, dict) else None
    if not isinstance(status, dict) or "error_code" not in status:
        return None
    return f"{status['error_code']} {status.get('error_message', '')}"


def _quote(parts: tuple[str, ...]) -> str:
    try:
        _feed, currency, _page = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    return currency.upper()


def _sheet(rows: Sequence[Any]) -> Sheet:
    if set(map(type, rows)) == {dict}:
        return Sheet(range(len(rows)), {})
    faults = {number: _misshapen(number, row) for number, row in enumerate(rows) if type(row) is not dict}
    return Sheet([number for number in range(len(rows)) if number not in faults], faults)


def _misshapen(number: int, row: Any) -> Rejection:
    if isinstance(row, Repeated):
        return Rejection.of("duplicate_key", number, value=row)
    return Rejection.of("not_an_object", number, value=row)


def _columns(answer: Answer, sheet: Sheet, rows: Sequence[dict[str, Any]]) -> dict[str, pa.Array]:
    def values(name: str) -> list[Any]:
        return [row.get(name) for row in rows]

    ids = sheet.texts("id", values("id"))
    _only_requested(answer.url, sheet, ids)
    columns = {
        "source": constant(answer.key.source, len(rows)),
        "base": pa.array([name and answer.symbol(name) for name in ids.to_pylist()], pa.string()),
        "raw_symbol": ids,
        "price": sheet.decimals("current_price", values("current_price"), PRICE, "missing_price"),
        "observed_at": sheet.iso_times("last_updated", values("last_updated"), answer.received_at),
        "rank": sheet.integers("market_cap_rank", values("market_cap_rank"), pa.int32()),
        "received_at": constant(answer.received_at, len(rows), TIMESTAMP),
        "raw_key": constant(str(answer.key), len(rows)),
    }
    columns |= {
        column: sheet.decimals(name, values(name), limits) for column, (name, limits) in _DECIMALS.items()
    }
    upside_down = pc.less(columns["high_24h"], columns["low_24h"])
    sheet.reject("inconsistent", upside_down, "high_24h", values("high_24h"))
    return columns


def _only_requested(url: str, sheet: Sheet, ids: pa.Array) -> None:
    """A feed that names its assets sends ``ids``; a coin that was not asked for is not ours to keep."""
    requested = parse_qs(urlsplit(url).query).get("ids")
    if requested:
        wanted = pa.array(requested[0].split(","), pa.string())
        sheet.reject("unknown_symbol", pc.invert(pc.is_in(ids, wanted)), "id", ids.to_pylist())
