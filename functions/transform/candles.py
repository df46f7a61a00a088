"""OHLCV buckets, whatever their source: the checks and columns that all ``candles`` share."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP
from transform.assembly import by_month, constant, origin
from transform.columns import Sheet
from transform.markets import Market
from transform.numbers import PRICE, VOLUME
from transform.parsed import Answer, Parsed

_PRICES: Final = ("open", "high", "low", "close")
_VOLUMES: Final = ("volume", "quote_volume")
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)

Fields = Mapping[str, tuple[str, Sequence[Any]]]
"""For each column of the table the source's name of its field, and that field's values."""


def candles(
    answer: Answer,
    sheet: Sheet,
    market: Market,
    opened: pa.Array,
    fields: Fields,
    *,
    notes: Sequence[str],
    closed: pa.Array | None = None,
) -> Parsed:
    """One row for each bucket, which starts at ``opened``, a checked column.

    ``closed`` says which buckets were over when they were received, where the source says so.
    """
    columns = _values(sheet, fields)
    _check(sheet, market.length, opened, columns, fields)
    over = pc.less_equal(opened, pa.scalar(answer.received_at - market.length, TIMESTAMP))
    count = len(opened)
    columns |= origin(answer, count) | {
        "base": constant(answer.symbol(market.base), count),
        "quote": constant(market.quote, count),
        "raw_symbol": constant(market.raw_symbol, count),
        "open_time": opened,
        "is_closed": over if closed is None else closed,
    }
    folder = f"interval={market.interval}/"
    return by_month(answer, sheet, "candles", columns, "open_time", folder=folder, notes=notes)


def _values(sheet: Sheet, fields: Fields) -> dict[str, pa.Array]:
    columns = {name: sheet.decimals(*fields[name], PRICE, "missing_price") for name in _PRICES}
    columns |= {name: sheet.decimals(*fields[name], VOLUME) for name in _VOLUMES if name in fields}
    if "trades" in fields:
        columns["trades"] = sheet.integers(*fields["trades"], pa.int64())
        sheet.reject("out_of_range", pc.less(columns["trades"], 0), *fields["trades"])
    return columns


def _check(
    sheet: Sheet, length: timedelta, opened: pa.Array, prices: Mapping[str, pa.Array], fields: Fields
) -> None:
    """A bucket starts on a multiple of its length; its prices lie between its low and its high.

    Nobody documents which day the buckets of several days start on: any will do.
    """
    step = min(length, _DAY) // _MICROSECOND
    start = opened.cast(pa.int64())
    off = pc.subtract(start, pc.multiply(pc.divide(start, step), step))
    sheet.reject("bad_time", pc.not_equal(off, 0), *fields["open_time"])
    sheet.reject("inconsistent", pc.less(prices["high"], prices["low"]), *fields["high"])
    for name in ("open", "close"):
        outside = pc.or_(pc.less(prices[name], prices["low"]), pc.greater(prices[name], prices["high"]))
        sheet.reject("inconsistent", outside, *fields[name])
