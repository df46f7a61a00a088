"""CoinDesk's Bitcoin Price Index, retired in 2025, from raw objects of before: ``quotes`` of BTC.

``bpi`` is an object by currency. ``rate`` is text with commas, cut to three decimals, ``rate_float``
the same as a JSON number with all of its digits; ``symbol`` is a sign escaped for HTML. Source: the
body that api.coindesk.com/v1/bpi/currentprice.json gave, as countless tutorials show it.
"""

import re
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from transform.assembly import constant
from transform.columns import Sheet
from transform.documents import named
from transform.numbers import PRICE
from transform.parsed import Answer, Parsed
from transform.quotes import quotes
from transform.rows import field, objects, unlisted

KNOWN: Final = frozenset({"time", "disclaimer", "chartName", "bpi"})
_RATE_KNOWN: Final = {"code", "symbol", "rate", "description", "rate_float"}
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?", re.ASCII)
_CUT: Final = 0.001
_BITCOIN: Final = "BTC"


def rows(document: Any) -> list[Any] | None:
    """The rates by currency."""
    return named(document.get("bpi")) if isinstance(document, dict) else None


def error(_: dict[str, Any]) -> str | None:
    """The index never had an error envelope in JSON."""
    return None


def parse(answer: Answer) -> Parsed:
    """One row for each currency, all of the same time."""
    sheet, found = objects(answer.rows, written=True)
    names = list(answer.envelope["bpi"])
    codes = sheet.texts("code", [names[number] for number in sheet.numbers])
    time = answer.envelope.get("time")
    updated = time.get("updatedISO") if isinstance(time, dict) else None
    columns = {
        "base": constant(answer.symbol(_BITCOIN), len(found)),
        "quote": codes,
        "raw_symbol": pa.array([code and f"{_BITCOIN}-{code}" for code in codes.to_pylist()], pa.string()),
        "observed_at": sheet.iso_times("updatedISO", [updated] * len(found), answer.received_at),
        "price": _prices(sheet, field(found, "rate"), field(found, "rate_float")),
    }
    return quotes(answer, sheet, found, columns, {}, notes=unlisted(found, _RATE_KNOWN))


def _prices(sheet: Sheet, texts: list[Any], numbers: list[Any]) -> pa.Array:
    """The number with all of its digits; where there is none, the text, which must not mean another."""
    cut = sheet.decimals("rate", [_ungrouped(text) for text in texts], PRICE)
    exact = sheet.decimals("rate_float", numbers, PRICE)
    apart = pc.abs(pc.subtract(cut.cast(pa.float64()), exact.cast(pa.float64())))
    sheet.reject("inconsistent", pc.greater(apart, _CUT), "rate", texts)
    prices = pc.coalesce(exact, cut)
    sheet.reject("missing_price", prices.is_null(), "rate_float")
    return prices


def _ungrouped(text: Any) -> Any:
    return text.replace(",", "") if isinstance(text, str) and _GROUPED.fullmatch(text) else text
