"""What all live frames share: their envelope, their times, their numbers, the markets they name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import EPOCH
from coinlake.keys import RawKey
from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from transform.columns.numbers import LIVE_LIMITS, comparable
from transform.columns.times import CLOCK_SKEW, EARLIEST, MAX_MILLISECONDS
from transform.model import RawDocument, RepeatedKeys, Unreadable
from transform.readers.json_lines import ColumnFault
from transform.readers.line_template import LineField
from transform.readers.line_values import INTEGER, TEXT

RECEIVED: Final = {"received_at": LineField(("received_at",), INTEGER, "missing_field")}
ENVELOPE: Final = frozenset({"received_at", "frame"})
MICROSECOND: Final = timedelta(microseconds=1)
EARLIEST_US: Final = (EARLIEST - EPOCH) // MICROSECOND
_DAY: Final = timedelta(days=1)  # no frame is received, no batch is closed, so much later than due

Columns = Mapping[str, pa.Array]


def prices(names: Mapping[str, str], *path: str) -> dict[str, LineField]:
    """Fields of prices by column, each of which a frame must have."""
    return {column: LineField((*path, name), LIVE_PRICE, "missing_price") for column, name in names.items()}


def volumes(names: Mapping[str, str], *path: str, missing: str | None = None) -> dict[str, LineField]:
    """Fields of amounts by column."""
    return {column: LineField((*path, name), LIVE_VOLUME, missing) for column, name in names.items()}


def require_object(value: Any, name: str | None = None) -> dict[str, Any]:
    """The value, if it is an object that names no key twice."""
    if isinstance(value, RepeatedKeys):
        raise Unreadable("duplicate_key", value, name)
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", value, name)
    return value


def unknown_names(*levels: tuple[Mapping[str, Any], Any]) -> set[str]:
    """The names at each level of a line that are not among those known there."""
    return set().union(*(set(level) - known for level, known in levels))


def fine_times(stamps: pa.Array) -> pa.Array:
    """Milliseconds or microseconds since 1970, by their size; a time out of all range becomes 1970."""
    positive = pc.max_element_wise(stamps, 0, skip_nulls=False)
    milliseconds = pc.less(positive, MAX_MILLISECONDS)
    return pc.if_else(milliseconds, pc.multiply(positive, 1000), positive).view(TIMESTAMP)


def time_faults(
    columns: Columns, key: RawKey, *events: str, sent: Sequence[str] = ()
) -> Iterator[ColumnFault]:
    """Receipts far from the batch's opening, which names it, and times that cannot be of their frame.

    ``events`` may be of any age: to a new subscriber a venue tells the last trade of an idle market, days
    old. ``sent``, when the venue sent the frame, is within a day of the receipt. None lies ahead.
    """
    received, due = columns["received_at"], key.slot.time
    yield ColumnFault("bad_time", "received_at", _outside(received, due - _DAY, due + _DAY))
    for name in (*events, *sent):
        micros = columns[name].view(INTEGER)
        lag = pc.subtract(received.view(INTEGER), micros)
        too_old = pc.greater(lag, _DAY // MICROSECOND) if name in sent else pc.less(micros, EARLIEST_US)
        yield ColumnFault("bad_time", name, too_old)
        yield ColumnFault("future_time", name, pc.less(lag, -CLOCK_SKEW // MICROSECOND))


def range_faults(
    columns: Columns, names: Sequence[str], nullable: Sequence[str] = ()
) -> Iterator[ColumnFault]:
    """Decimals outside of what is possible, and whole numbers below zero; those of ``nullable`` columns
    condemn no row."""
    for name in (*names, *nullable):
        column = columns[name]
        outside = pc.less(column, 0) if column.type == INTEGER else LIVE_LIMITS[column.type].outside(column)
        yield ColumnFault("out_of_range", name, outside, condemns=name not in nullable)


def bar_faults(columns: Columns) -> Iterator[ColumnFault]:
    """A high below its low, and an open or close that is not between them."""
    low, high = comparable(columns["low"]), comparable(columns["high"])
    yield ColumnFault("inconsistent", "high", pc.less(high, low))
    for name in ("open", "close"):
        price = comparable(columns[name])
        outside = pc.or_(pc.less(price, low), pc.greater(price, high))
        yield ColumnFault("inconsistent", name, outside)


def kind_fault(column: pa.DictionaryArray, name: str, *kinds: str) -> ColumnFault:
    """Rows whose event is of another kind than their dataset's."""
    wrong = pc.invert(pc.is_in(column.dictionary, value_set=pa.array(kinds, TEXT)))
    return ColumnFault("unsupported_stream", name, wrong.take(column.indices))


def map_texts(column: pa.DictionaryArray, function: Callable[[str], str | None]) -> pa.DictionaryArray:
    """``function`` of each text of a column, null where it gives none; called once for each distinct text."""
    values = pa.array([function(value) for value in column.dictionary.to_pylist()], TEXT)
    encoded = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(column.indices), encoded.dictionary)


def market_columns(
    names: pa.DictionaryArray, split: Callable[[str], tuple[str, str] | None], document: RawDocument
) -> dict[str, pa.Array]:
    """Canonical base, and quote, of each market's name; null where ``split`` gives None."""
    sides = {name: split(name) for name in names.dictionary.to_pylist()}
    return {
        "base": map_texts(names, lambda name: (side := sides[name]) and document.symbol(side[0])),
        "quote": map_texts(names, lambda name: (side := sides[name]) and side[1]),
    }


def market_fault(columns: Columns) -> ColumnFault:
    """Rows whose market's two sides cannot be told apart."""
    unknown = pc.and_(columns["base"].indices.is_null(), columns["raw_symbol"].indices.is_valid())
    return ColumnFault("unknown_symbol", "raw_symbol", unknown)


def _outside(column: pa.Array, first: datetime, last: datetime) -> pa.Array:
    return pc.or_(
        pc.less(column, pa.scalar(first, TIMESTAMP)), pc.greater(column, pa.scalar(last, TIMESTAMP))
    )
