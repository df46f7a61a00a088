"""OHLCV buckets, whatever their source: the checks and columns that all ``candles`` share."""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import EPOCH
from coinlake.records import RejectedSpan
from coinlake.tables import TIMESTAMP
from coinlake.windows import slot_bounds
from transform.columns.numbers import PRICE, VOLUME
from transform.columns.times import plausible
from transform.columns.validation import ColumnValidator
from transform.model import ParsedObject, RawDocument
from transform.tables.assembly import constant, origin_columns, slice_by_month
from transform.tables.markets import CandleSeries

_PRICES: Final = ("open", "high", "low", "close")
_VOLUMES: Final = ("volume", "quote_volume")
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_MAX_SPANS: Final = 1000  # a ledger entry is small, and so many are no accident

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
    parsed = slice_by_month(
        document, validator, "candles", columns, "open_time", interval=series.interval, notes=notes
    )
    return replace(parsed, rejected=_rejected_spans(document, validator, opened, series.length))


def _rejected_spans(
    document: RawDocument, validator: ColumnValidator, opened: pa.Array, length: timedelta
) -> tuple[RejectedSpan, ...] | None:
    """Which of the window's buckets the rejected rows explain; None where that cannot be said.

    A row that says when it opened explains that bucket. Any other may be one of the buckets between those of
    its neighbours in the document: a header before the first row is none. A repeat explains nothing.
    """
    faults = {row: fault.code for row, fault in validator.rejections.items() if fault.code != "duplicate_row"}
    window = slot_bounds(document.key.slot)
    if not faults or window is None:
        return None
    step = length // _MICROSECOND
    start, end = ((moment - EPOCH) // _MICROSECOND for moment in window)
    starts = pc.if_else(plausible(opened), opened, None).cast(pa.int64()).to_pylist()
    placed = dict(zip(validator.row_numbers, starts, strict=True))
    good = [row for row in validator.row_numbers if row not in validator.rejections]
    descending = len(good) > 1 and placed[good[0]] > placed[good[-1]]
    spans = []
    for row, code in faults.items():
        opening = placed.get(row)
        if opening is not None:
            first = opening - opening % step
            last = first + step
        else:
            position = bisect(good, row)
            before = placed[good[position - 1]] if position else None
            after = placed[good[position]] if position < len(good) else None
            low, high = (after, before) if descending else (before, after)
            first, last = (start if low is None else low + step), (end if high is None else high)
        if first < last:
            spans.append((first, last, code))
    merged = _merged(sorted(spans))
    return tuple(merged) if len(merged) <= _MAX_SPANS else None


def _merged(spans: Iterable[tuple[int, int, str]]) -> list[RejectedSpan]:
    """Spans in order, those that touch and have one code as one."""
    merged: list[tuple[int, int, str]] = []
    for first, last, code in spans:
        if merged and merged[-1][2] == code and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]), code)
        else:
            merged.append((first, last, code))
    return [RejectedSpan(_iso(first), _iso(last), code) for first, last, code in merged]


def _iso(micros: int) -> str:
    return f"{EPOCH + micros * _MICROSECOND:%Y-%m-%dT%H:%M:%SZ}"


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
