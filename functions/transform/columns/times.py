"""Columns of times: from texts and numbers into Arrow, and which of them can be true."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import EPOCH
from coinlake.tables import TIMESTAMP

CLOCK_SKEW: Final = timedelta(minutes=5)
SECOND: Final = 1_000_000  # microseconds in a unit of time
MILLISECOND: Final = 1_000
_MICROSECOND: Final = timedelta(microseconds=1)
MAX_MILLISECONDS: Final = 10**14  # as milliseconds the year 5138, as microseconds 1973
_NANOSECONDS: Final = pa.timestamp("ns", tz="UTC")
EARLIEST: Final = datetime(2009, 1, 1, tzinfo=EPOCH.tzinfo)  # before Bitcoin's first block, 3 January 2009
_LATEST: Final = datetime(2200, 1, 1, tzinfo=EPOCH.tzinfo)  # seconds read as milliseconds land past it


def parse_iso_texts(values: Sequence[Any] | pa.Array) -> pa.Array:
    """ISO-8601 texts with their zone as times; raises ``ValueError`` or ``TypeError`` where one is none."""
    texts = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    try:
        return texts.cast(TIMESTAMP)
    except pa.ArrowInvalid:
        return texts.cast(_NANOSECONDS).cast(TIMESTAMP, safe=False)


def units_by_size(stamps: pa.Array) -> pa.Array:
    """For each stamp its unit, milliseconds or microseconds, by its size."""
    return pc.if_else(pc.greater(stamps, MAX_MILLISECONDS), 1, MILLISECOND).cast(pa.int64())


def plausible_stamps(stamps: pa.Array, units: pa.Array | pa.Scalar) -> pa.Array:
    """Which stamps since 1970, in ``units`` of microseconds, lie within the years there can be."""
    first, last = (pc.divide((moment - EPOCH) // _MICROSECOND, units) for moment in (EARLIEST, _LATEST))
    return pc.and_(pc.greater_equal(stamps, first), pc.less(stamps, last))


def plausible(column: pa.Array) -> pa.Array:
    """Which times lie within the years there can be."""
    return pc.and_(pc.greater_equal(column, _scalar(EARLIEST)), pc.less(column, _scalar(_LATEST)))


def in_future(column: pa.Array, received_at: datetime) -> pa.Array:
    """Which times had not come yet when the document was received, however clocks differ."""
    return pc.greater(column, _scalar(received_at + CLOCK_SKEW))


def _scalar(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment, TIMESTAMP)
