"""OHLCV buckets, whatever their source: the checks and columns that all ``candles`` share."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP
from transform.columns.numbers import PRICE, VOLUME
from transform.columns.validation import ColumnValidator
from transform.model import ParsedObject, RawDocument
from transform.tables.assembly import constant, origin_columns, slice_by_month
from transform.tables.markets import CandleSeries

_PRICES: Final = ("open", "high", "low", "close")
_VOLUMES: Final = ("volume", "quote_volume")
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)

Fields = Mapping[str, tuple[str, Sequence[Any]]]
"""For each column of the table the source's name of its field, and that field's values."""


def candles(
    document: RawDocument,
    validator: ColumnValidator,
    series: CandleSeries,
    opened: pa.Array,
    fields: Fields,
    *,
    notes: Sequence[str],
    closed: pa.Array | None = None,
) -> ParsedObject:
    """One row for each bucket, which starts at ``opened``, a checked column.

    ``closed`` says which buckets were over when they were received, where the source says so.
    """
    columns = {name: validator.decimals(*fields[name], PRICE, "missing_price") for name in _PRICES}
    columns |= {name: validator.decimals(*fields[name], VOLUME) for name in _VOLUMES if name in fields}
    if "trades" in fields:
        trades = validator.integers(*fields["trades"], pa.int64())
        columns["trades"] = validator.nullify("out_of_range", pc.less(trades, 0), fields["trades"][0], trades)
    _check_buckets(validator, series.length, opened, columns, fields)
    if closed is None:
        closed = pc.less_equal(opened, pa.scalar(document.received_at - series.length, TIMESTAMP))
    count = len(opened)
    columns |= origin_columns(document, count) | {
        "base": constant(document.symbol(series.base), count),
        "quote": constant(series.quote, count),
        "raw_symbol": constant(series.raw_symbol, count),
        "open_time": opened,
        "is_closed": closed,
    }
    return slice_by_month(
        document, validator, "candles", columns, "open_time", interval=series.interval, notes=notes
    )


def _check_buckets(
    validator: ColumnValidator,
    length: timedelta,
    opened: pa.Array,
    prices: Mapping[str, pa.Array],
    fields: Fields,
) -> None:
    """A bucket starts on a multiple of its length; its prices lie between its low and its high.

    Nobody documents which day the buckets of several days start on: any will do.
    """
    step = min(length, _DAY) // _MICROSECOND
    start = opened.cast(pa.int64())
    off = pc.subtract(start, pc.multiply(pc.divide(start, step), step))
    validator.reject("bad_time", pc.not_equal(off, 0), *fields["open_time"])
    validator.reject("inconsistent", pc.less(prices["high"], prices["low"]), *fields["high"])
    for name in ("open", "close"):
        outside = pc.or_(pc.less(prices[name], prices["low"]), pc.greater(prices[name], prices["high"]))
        validator.reject("inconsistent", outside, *fields[name])
