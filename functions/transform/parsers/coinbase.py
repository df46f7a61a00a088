"""Coinbase Exchange ``/products/{id}/candles``: a list of lists of numbers becomes ``candles``.

A row is ``[time, low, high, open, close, volume]``, newest first, time in seconds; a bucket
without trades is missing. Source: Coinbase Exchange API reference, "Get product candles".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from coinlake.records import Rejection
from coinlake.tables import TIMESTAMP, tables
from transform.assembly import constant, parsed, trusted_rows
from transform.columns import Sheet, new_fields
from transform.numbers import PRICE, VOLUME
from transform.parsed import Answer, Parsed, Part, Unreadable

_FIELDS: Final = ("time", "low", "high", "open", "close", "volume")
_PRICES: Final = ("open", "high", "low", "close")
_PRODUCT: Final = re.compile(r"([A-Z0-9]{1,20})-([A-Z0-9]{2,10})")


def parse(answer: Answer) -> Parsed:
    """The candles of the product and interval that the slot names, one part for each month."""
    product, interval = _market(answer.key.slot.parts)
    sheet = _sheet(answer.rows)
    rows = [answer.rows[number] for number in sheet.numbers]
    table = tables()["candles"]
    columns = _columns(answer, sheet, rows, interval) | _names(answer, product, len(rows))
    trusted = trusted_rows(sheet, table, columns)
    parts = [Part(table.name, f"interval={interval}/month={month}", part) for month, part in _months(trusted)]
    longest = max(map(len, rows), default=0)
    extra = [f"column_{number + 1}" for number in range(len(_FIELDS), longest)]
    return parsed(answer, sheet, parts, new_fields(extra))


def error(document: dict[str, Any]) -> str | None:
    """Every error of Coinbase Exchange is {"message": text}."""
    message = document.get("message")
    return message if isinstance(message, str) else None


def _market(parts: tuple[str, ...]) -> tuple[str, str]:
    try:
        product, interval, _lookback = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    if interval not in INTERVALS:
        raise Unreadable("bad_slot", interval, "interval")
    if not _PRODUCT.fullmatch(product):
        raise Unreadable("unknown_symbol", product, "product")
    return product, interval


def _sheet(rows: Sequence[Any]) -> Sheet:
    """Longer rows keep their first six values: a new column must not cost the old ones."""
    faults = {
        number: Rejection.of("bad_shape", number, value=row)
        for number, row in enumerate(rows)
        if not isinstance(row, list) or len(row) < len(_FIELDS)
    }
    return Sheet([number for number in range(len(rows)) if number not in faults], faults)


def _columns(answer: Answer, sheet: Sheet, rows: Sequence[list[Any]], interval: str) -> dict[str, pa.Array]:
    values = {name: [row[place] for row in rows] for place, name in enumerate(_FIELDS)}
    opened = sheet.epoch_times("time", values["time"], answer.received_at)
    columns = {name: sheet.decimals(name, values[name], PRICE, "missing_price") for name in _PRICES}
    columns["volume"] = sheet.decimals("volume", values["volume"], VOLUME)
    _check(sheet, values, opened, columns, INTERVALS[interval])
    closed_by = pa.scalar(answer.received_at - INTERVALS[interval], TIMESTAMP)
    return columns | {"open_time": opened, "is_closed": pc.less_equal(opened, closed_by)}


def _check(
    sheet: Sheet,
    values: Mapping[str, Sequence[Any]],
    opened: pa.Array,
    prices: Mapping[str, pa.Array],
    interval: timedelta,
) -> None:
    """A bucket starts on a multiple of its length; its prices lie between its low and its high."""
    length = interval // timedelta(microseconds=1)
    start = opened.cast(pa.int64())
    off = pc.subtract(start, pc.multiply(pc.divide(start, length), length))
    sheet.reject("bad_time", pc.not_equal(off, 0), "time", values["time"])
    sheet.reject("inconsistent", pc.less(prices["high"], prices["low"]), "high", values["high"])
    for name in ("open", "close"):
        outside = pc.or_(pc.less(prices[name], prices["low"]), pc.greater(prices[name], prices["high"]))
        sheet.reject("inconsistent", outside, name, values[name])


def _names(answer: Answer, product: str, count: int) -> dict[str, pa.Array]:
    base, _, quote = product.partition("-")
    return {
        "source": constant(answer.key.source, count),
        "base": constant(answer.symbol(base), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(product, count),
        "received_at": constant(answer.received_at, count, TIMESTAMP),
        "raw_key": constant(str(answer.key), count),
    }


def _months(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each month, UTC. Naive times: Arrow then needs no time zone database."""
    opened = rows["open_time"].cast(pa.timestamp("us"))
    months = pc.add(pc.multiply(pc.year(opened), 100), pc.month(opened))
    for month in sorted(months.unique().to_pylist()):
        year, number = divmod(month, 100)
        yield f"{year:04d}-{number:02d}", rows.filter(pc.equal(months, month))
