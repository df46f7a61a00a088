"""What all live frames share: their envelope, their times, their numbers, the markets they name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import EPOCH
from coinlake.keys import RawKey
from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from transform.fields import TEXT, WHOLE, Field
from transform.formats import Fault
from transform.numbers import LIVE
from transform.parsed import Unreadable
from transform.payload import Repeated
from transform.times import CLOCK_SKEW, EARLIEST, MOST_MILLISECONDS

RECEIVED: Final = {"received_at": Field(("received_at",), WHOLE, "missing_field")}
ENVELOPE: Final = frozenset({"received_at", "frame"})
MICROSECOND: Final = timedelta(microseconds=1)
EARLIEST_US: Final = (EARLIEST - EPOCH) // MICROSECOND
_DAY: Final = timedelta(days=1)  # no frame is received, no batch is closed, so much later than due

Columns = Mapping[str, pa.Array]


def prices(names: Mapping[str, str], *path: str) -> dict[str, Field]:
    """Fields of prices by column, each of which a frame must have."""
    return {column: Field((*path, name), LIVE_PRICE, "missing_price") for column, name in names.items()}


def volumes(names: Mapping[str, str], *path: str, missing: str | None = None) -> dict[str, Field]:
    """Fields of amounts by column."""
    return {column: Field((*path, name), LIVE_VOLUME, missing) for column, name in names.items()}


def an_object(value: Any, name: str | None = None) -> dict[str, Any]:
    """The value, if it is an object that names no key twice."""
    if isinstance(value, Repeated):
        raise Unreadable("duplicate_key", value, name)
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", value, name)
    return value


def added(*levels: tuple[Mapping[str, Any], Any]) -> set[str]:
    """The names at each level of a line that are not among those known there."""
    return set().union(*(set(level) - known for level, known in levels))


def fine_times(stamps: pa.Array) -> pa.Array:
    """Milliseconds or microseconds since 1970, by their size; a time out of all range becomes 1970."""
    sane = pc.max_element_wise(stamps, 0, skip_nulls=False)
    milliseconds = pc.less(sane, MOST_MILLISECONDS)
    return pc.if_else(milliseconds, pc.multiply(sane, 1000), sane).view(TIMESTAMP)


def time_faults(columns: Columns, key: RawKey, *events: str) -> Iterator[Fault]:
    """Receipts far from the batch's opening, which names it, and events far from their receipt."""
    received, due = columns["received_at"], key.slot.time
    yield Fault("bad_time", "received_at", _outside(received, due - _DAY, due + _DAY))
    for name in events:
        lag = pc.subtract(received.view(WHOLE), columns[name].view(WHOLE))
        yield Fault("bad_time", name, pc.greater(lag, _DAY // MICROSECOND))
        yield Fault("future_time", name, pc.less(lag, -CLOCK_SKEW // MICROSECOND))


def range_faults(columns: Columns, names: Sequence[str]) -> Iterator[Fault]:
    """Decimals outside of what is possible, and whole numbers below zero."""
    for name in names:
        column = columns[name]
        outside = pc.less(column, 0) if column.type == WHOLE else LIVE[column.type].outside(column)
        yield Fault("out_of_range", name, outside)


def bar_faults(columns: Columns) -> Iterator[Fault]:
    """A high below its low, and an open or close that is not between them."""
    low, high = columns["low"], columns["high"]
    yield Fault("inconsistent", "high", pc.less(high, low))
    for name in ("open", "close"):
        outside = pc.or_(pc.less(columns[name], low), pc.greater(columns[name], high))
        yield Fault("inconsistent", name, outside)


def kind_fault(column: pa.DictionaryArray, name: str, *kinds: str) -> Fault:
    """Rows whose event is of another kind than their dataset's."""
    wrong = pc.invert(pc.is_in(column.dictionary, value_set=pa.array(kinds, TEXT)))
    return Fault("unsupported_stream", name, wrong.take(column.indices))


def mapped(column: pa.DictionaryArray, made: Callable[[str], str | None]) -> pa.DictionaryArray:
    """Another text for each text of a column, null where ``made`` gives none; each is made once."""
    values = pa.array([made(value) for value in column.dictionary.to_pylist()], TEXT)
    found = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(found.indices.take(column.indices), found.dictionary)


def market_columns(
    names: pa.DictionaryArray, sides: Callable[[str], tuple[str, str] | None], symbol: Callable[[str], str]
) -> dict[str, pa.Array]:
    """Canonical base, and quote, of each market's name; null where ``sides`` cannot tell them."""

    def base(name: str) -> str | None:
        found = sides(name)
        return found and symbol(found[0])

    def quote(name: str) -> str | None:
        found = sides(name)
        return found and found[1]

    return {"base": mapped(names, base), "quote": mapped(names, quote)}


def market_fault(columns: Columns) -> Fault:
    """Rows whose market's two sides cannot be told apart."""
    unknown = pc.and_(columns["base"].indices.is_null(), columns["raw_symbol"].indices.is_valid())
    return Fault("unknown_symbol", "raw_symbol", unknown)


def _outside(column: pa.Array, first: datetime, last: datetime) -> pa.Array:
    return pc.or_(
        pc.less(column, pa.scalar(first, TIMESTAMP)), pc.greater(column, pa.scalar(last, TIMESTAMP))
    )
