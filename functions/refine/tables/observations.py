"""Prices observed at moments, be it in a quote or as the close of a candle."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS, duration
from coinlake.ranks import Numbers
from coinlake.tables import TIMESTAMP, refined
from refine.tables.grouping import MICROSECOND, column, rounded

QUOTES: Final = "quotes"
DECIMALS: Final = 10  # of percents: equal bytes on every processor
SCHEMA: Final = pa.schema([field for field in refined()["latest"].schema if field.name != "age_seconds"])
_PREFERENCE: Final = pa.array([QUOTES, *INTERVALS])


def prices(quotes: pa.Table) -> pa.Table:
    """What quotes observed."""
    change = rounded(quotes["change_24h_percent"].cast(pa.float64()), DECIMALS)
    made_from = pa.repeat(pa.scalar(QUOTES), quotes.num_rows)
    return _observations(quotes, change_24h_percent=change, made_from=made_from)


def closes(candles: pa.Table) -> pa.Table:
    """What the source's own closed candles closed at, observed at their end. Others may be gone later."""
    lasting = pc.and_(candles["is_closed"], pc.is_null(candles["derived_from"]))
    candles = candles.filter(lasting).combine_chunks()
    ended = pa.array(ends(candles)).cast(TIMESTAMP)
    return _observations(candles, observed_at=ended, price=candles["close"], made_from=candles["interval"])


def ends(candles: pa.Table) -> Numbers:
    """When each candle ends, in microseconds."""
    words = candles["interval"].combine_chunks().dictionary_encode()
    lengths = [duration(interval) // MICROSECOND for interval in words.dictionary.to_pylist()]
    length: Numbers = np.array(lengths, np.int64)[words.indices.to_numpy()]
    return column(candles, "open_time") + length


def preference(made_from: pa.ChunkedArray) -> Numbers:
    """Of observations of one moment quotes say most, then the shortest candles: the highest number."""
    place: Numbers = pc.index_in(made_from, value_set=_PREFERENCE).to_numpy()
    return -place.astype(np.int64)


def _observations(rows: pa.Table, **columns: pa.ChunkedArray | pa.Array) -> pa.Table:
    """``rows`` as observations; a column that they lack is null."""
    names = set(rows.schema.names)
    columns = {name: rows[name] for name in SCHEMA.names if name in names} | columns
    arrays = [columns.get(field.name, pa.nulls(rows.num_rows, field.type)) for field in SCHEMA]
    return pa.table(arrays, names=SCHEMA.names).cast(SCHEMA)
