"""Coinbase Exchange ``/products/{id}/candles``: a list of lists of numbers becomes ``candles``.

A row is ``[time, low, high, open, close, volume]``, newest first, time in seconds; a bucket
without trades is missing. Source: Coinbase Exchange API reference, "Get product candles".
"""

from typing import Any, Final

from transform.candles import candles
from transform.markets import Market
from transform.parsed import Answer, Parsed
from transform.rows import lists, unlisted_columns

_FIELDS: Final = ("time", "low", "high", "open", "close", "volume")


def parse(answer: Answer) -> Parsed:
    """The candles of the product and interval that the slot names, one part for each month."""
    market = Market.of(answer.key.slot.parts)
    sheet, rows = lists(answer.rows, len(_FIELDS))
    fields = {name: (name, [row[place] for row in rows]) for place, name in enumerate(_FIELDS)}
    fields["open_time"] = fields.pop("time")
    opened = sheet.epoch_times(*fields["open_time"], answer.received_at)
    return candles(answer, sheet, market, opened, fields, notes=unlisted_columns(rows, len(_FIELDS)))


def error(document: dict[str, Any]) -> str | None:
    """Every error of Coinbase Exchange is {"message": text}."""
    message = document.get("message")
    return message if isinstance(message, str) else None
