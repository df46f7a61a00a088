"""What a fault does to a good answer: the bad rows that real sources have been seen to send."""

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from simulator.zip_files import is_zip, unzipped, zipped

# json writes the first three; a number too large for a double needs its token put in by hand
TOO_LARGE: Final = "@too-large@"
NOT_FINITE: Final = (math.nan, math.inf, -math.inf, TOO_LARGE)
NO_NUMBERS: Final = ("not a number", True, [1], {"amount": 1})
# (position of the price, positions of the amounts) by the length of a row; otherwise the close is the price
POSITIONS: Final[Mapping[int, tuple[int, tuple[int, ...]]]] = {
    6: (4, (5,)),  # candles: time, low, high, open, close, volume
    7: (0, (1,)),  # trades: price, quantity, …
    8: (4, (6,)),  # candles with vwap and count
    12: (4, (5, 7, 9, 10)),  # candles with quote and taker volumes
}
CLOSE: Final = 4
ENVELOPES: Final = ("result", "prices", "data", "Data", "candles", "symbols")
PRICES: Final = (
    *("current_price", "price", "usd", "lastPrice", "bidPrice", "priceUsd", "rateUsd"),
    *("VALUE", "CLOSE", "close", "value", "c"),
)
CSV_TOKENS: Final = {math.inf: "Infinity", -math.inf: "-Infinity", TOO_LARGE: "1e999", None: ""}
PACKED_AT: Final = 1_795_132_800  # 2026-11-20, the member's date in a file that was tampered with


def corrupted(fault: str, body: bytes, rows: int) -> bytes:
    """The body, JSON or a zip of CSV, with its first ``rows`` rows corrupted, or rows removed."""
    if is_zip(body):
        return _corrupted_zip(fault, body, rows)
    document = json.loads(body)
    CORRUPTIONS[fault](document, rows)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace(f'"{TOO_LARGE}"', "1e999").encode()


def _corrupted_zip(fault: str, body: bytes, rows: int) -> bytes:
    name, text = unzipped(body)
    table: list[list[Any]] = [line.split(",") for line in text.splitlines()]
    CORRUPTIONS[fault](table, rows)
    lines = (",".join(map(_cell, line)) for line in table)
    return zipped(name, "".join(f"{line}\n" for line in lines), PACKED_AT)


def _cell(value: Any) -> str:
    return str(value) if isinstance(value, list | dict) else CSV_TOKENS.get(value, str(value))


def _with_prices(values: tuple[object, ...]) -> Callable[[Any, int], None]:
    def replace(document: Any, count: int) -> None:
        for number, row in enumerate(_rows(document)[:count]):
            if row:
                holder, position = _price_position(row)
                holder[position] = values[number % len(values)]

    return replace


def _remove_first(document: Any, count: int) -> None:
    """Rows of a list, coins of an object, or points of a chart go missing."""
    content = _content(document)
    if isinstance(content, dict):
        for name in list(content)[:count]:
            del content[name]
    else:
        del content[:count]


def _remove_middle(document: Any, count: int) -> None:
    """Rows in the middle go missing."""
    content = _content(document)
    if isinstance(content, list):
        start = max(0, len(content) - count) // 2
        del content[start : start + count]


def _revise(document: Any, count: int) -> None:
    """The first rows get twice the volume, or where there is none a slightly other price."""
    for row in _rows(document)[:count]:
        if isinstance(row, list) and len(row) in POSITIONS:
            for position in POSITIONS[len(row)][1]:
                row[position] = _multiplied(row[position], "2")
        elif row:
            holder, position = _price_position(row)
            holder[position] = _multiplied(holder[position], "1.001")


def _multiplied(value: Any, factor: str) -> Any:
    product = Decimal(str(value)) * Decimal(factor)
    return f"{product:f}" if isinstance(value, str) else float(product)


def _content(document: Any) -> Any:
    """What an envelope holds, else the document itself; of an envelope by market, the first market's rows."""
    if isinstance(document, list):
        return document
    name = next((name for name in ENVELOPES if isinstance(document.get(name), list | dict)), None)
    content = document if name is None else document[name]
    if name is not None and isinstance(content, dict):
        return next((rows for rows in content.values() if isinstance(rows, list)), content)
    return content


def _rows(document: Any) -> list[Any]:
    content = _content(document)
    if isinstance(content, dict):
        nested = [value for value in content.values() if isinstance(value, dict)]
        content = nested or [content]
    return [row for row in content if isinstance(row, list | dict)]


def _price_position(row: Any) -> tuple[Any, Any]:
    """What holds the price of a row, and where."""
    if isinstance(row, list):
        return row, POSITIONS.get(len(row), (min(CLOSE, len(row) - 1), ()))[0]
    name = next((name for name in PRICES if name in row), next(iter(row)))
    return (row[name], 0) if isinstance(row[name], list) else (row, name)


CORRUPTIONS: Final[dict[str, Callable[[Any, int], None]]] = {
    "nan": _with_prices(NOT_FINITE),
    "wrong_types": _with_prices(NO_NUMBERS),
    "null_price": _with_prices((None,)),
    "missing_assets": _remove_first,
    "hole": _remove_middle,
    "revised": _revise,
}
