"""What a fault does to a good JSON answer: the bad rows that real sources have been seen to send."""

import json
import math
from collections.abc import Callable
from typing import Any, Final

# json writes the first three; a number too large for a double needs its token put in by hand
TOO_LARGE: Final = "@too-large@"
NOT_FINITE: Final = (math.nan, math.inf, -math.inf, TOO_LARGE)
NO_NUMBERS: Final = ("not a number", True, [1], {"amount": 1})
CLOSE: Final = 4  # of a candle; a chart's point has its price at 1


def damaged(fault: str, body: bytes, rows: int) -> bytes:
    """The body with the prices of its first ``rows`` rows spoiled, or those rows gone."""
    document = json.loads(body)
    DAMAGES[fault](document, rows)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace(f'"{TOO_LARGE}"', "1e999").encode()


def _spoiled(values: tuple[object, ...]) -> Callable[[Any, int], None]:
    def spoil(document: Any, count: int) -> None:
        for number, row in enumerate(_rows(document)[:count]):
            if row:
                row[_price_of(row)] = values[number % len(values)]

    return spoil


def _missing(document: Any, count: int) -> None:
    """Rows of a list, coins of an object, or points of a chart go missing."""
    if isinstance(document, dict) and "prices" not in document:
        for name in list(document)[:count]:
            del document[name]
    else:
        rows = document if isinstance(document, list) else document["prices"]
        del rows[:count]


def _rows(document: Any) -> list[Any]:
    if isinstance(document, list):
        found = document
    elif "prices" in document:
        found = document["prices"]
    else:
        nested = [value for value in document.values() if isinstance(value, dict)]
        found = nested or [document]
    return [row for row in found if isinstance(row, list | dict)]


def _price_of(row: Any) -> Any:
    if isinstance(row, list):
        return min(CLOSE, len(row) - 1)
    named = (name for name in ("current_price", "price", "usd") if name in row)
    return next(named, next(iter(row)))


DAMAGES: Final[dict[str, Callable[[Any, int], None]]] = {
    "nan": _spoiled(NOT_FINITE),
    "wrong_types": _spoiled(NO_NUMBERS),
    "null_price": _spoiled((None,)),
    "missing_assets": _missing,
}
