"""What a fault does to a good answer: the bad rows that real sources have been seen to send."""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from simulator.zips import is_zip, unzipped, zipped

# json writes the first three; a number too large for a double needs its token put in by hand
TOO_LARGE: Final = "@too-large@"
NOT_FINITE: Final = (math.nan, math.inf, -math.inf, TOO_LARGE)
NO_NUMBERS: Final = ("not a number", True, [1], {"amount": 1})
CLOSE: Final = 4  # of a candle; a chart's point has its price at 1
AMOUNTS: Final = (5, 7, 9, 10)  # the volumes of a candle, as far as it has them
ENVELOPES: Final = ("prices", "data", "Data", "candles", "symbols")
PRICES: Final = (
    *("current_price", "price", "usd", "lastPrice", "bidPrice", "priceUsd", "rateUsd"),
    *("VALUE", "CLOSE", "close", "value"),
)
CSV_TOKENS: Final = {math.inf: "Infinity", -math.inf: "-Infinity", TOO_LARGE: "1e999", None: ""}
PACKED_AT: Final = 1_795_132_800  # 2026-11-20, the member's date in a file that was tampered with


def damaged(fault: str, body: bytes, rows: int) -> bytes:
    """The body, JSON or a zip of CSV, with its first ``rows`` rows spoiled, or rows gone."""
    if is_zip(body):
        return _damaged_zip(fault, body, rows)
    document = json.loads(body)
    DAMAGES[fault](document, rows)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace(f'"{TOO_LARGE}"', "1e999").encode()


def _damaged_zip(fault: str, body: bytes, rows: int) -> bytes:
    name, text = unzipped(body)
    table: list[list[Any]] = [line.split(",") for line in text.splitlines()]
    DAMAGES[fault](table, rows)
    lines = (",".join(map(_cell, line)) for line in table)
    return zipped(name, "".join(f"{line}\n" for line in lines), PACKED_AT)


def _cell(value: Any) -> str:
    return str(value) if isinstance(value, list | dict) else CSV_TOKENS.get(value, str(value))


def _spoiled(values: tuple[object, ...]) -> Callable[[Any, int], None]:
    def spoil(document: Any, count: int) -> None:
        for number, row in enumerate(_rows(document)[:count]):
            if row:
                row[_price_of(row)] = values[number % len(values)]

    return spoil


def _missing(document: Any, count: int) -> None:
    """Rows of a list, coins of an object, or points of a chart go missing."""
    inner = _inner(document)
    if isinstance(inner, dict):
        for name in list(inner)[:count]:
            del inner[name]
    else:
        del inner[:count]


def _hole(document: Any, count: int) -> None:
    """Rows in the middle go missing."""
    inner = _inner(document)
    if isinstance(inner, list):
        start = max(0, len(inner) - count) // 2
        del inner[start : start + count]


def _revised(document: Any, count: int) -> None:
    """The first rows tell twice the volume, or where there is none a slightly other price."""
    for row in _rows(document)[:count]:
        if isinstance(row, list) and len(row) > AMOUNTS[0]:
            for place in AMOUNTS[: 1 if len(row) <= AMOUNTS[-1] else None]:
                row[place] = _times(row[place], "2")
        elif row:
            row[_price_of(row)] = _times(row[_price_of(row)], "1.001")


def _times(value: Any, factor: str) -> Any:
    product = Decimal(str(value)) * Decimal(factor)
    return f"{product:f}" if isinstance(value, str) else float(product)


def _inner(document: Any) -> Any:
    """What an envelope holds, else the document itself."""
    if isinstance(document, list):
        return document
    return next(
        (document[name] for name in ENVELOPES if isinstance(document.get(name), list | dict)), document
    )


def _rows(document: Any) -> list[Any]:
    found = _inner(document)
    if isinstance(found, dict):
        nested = [value for value in found.values() if isinstance(value, dict)]
        found = nested or [found]
    return [row for row in found if isinstance(row, list | dict)]


def _price_of(row: Any) -> Any:
    if isinstance(row, list):
        return min(CLOSE, len(row) - 1)
    named = (name for name in PRICES if name in row)
    return next(named, next(iter(row)))


DAMAGES: Final[dict[str, Callable[[Any, int], None]]] = {
    "nan": _spoiled(NOT_FINITE),
    "wrong_types": _spoiled(NO_NUMBERS),
    "null_price": _spoiled((None,)),
    "missing_assets": _missing,
    "hole": _hole,
    "revised": _revised,
}
