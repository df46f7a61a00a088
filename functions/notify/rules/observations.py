"""The prices of one trusted object, read with bare pyarrow (pandas would double the cold start).

quotes   a row says: at ``observed_at`` the price was ``price``
candles  a closed row says: at its bucket's end the price was ``close``. An object repeats a
         window of buckets that earlier objects held, so only the latest few can be news.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake import intervals
from coinlake.errors import CoinlakeError
from coinlake.keys import TrustedKey
from coinlake.tables import TIMESTAMP

RECENT_CANDLES: Final = 3  # the newest bucket, and two in case a run or an event was late

Row = Mapping[str, Any]


class Unreadable(CoinlakeError):
    """An object that transform did not write as it writes: nothing can be read from it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The price of one unit of ``base`` in ``quote`` at one moment, according to ``source``."""

    source: str
    base: str
    quote: str
    at: datetime
    price: Decimal
    raw_key: str

    @property
    def series(self) -> str:
        """What a price can be compared with: the same source's earlier prices of the pair."""
        return f"{self.source}#{self.base}#{self.quote}"


def read(key: TrustedKey, body: bytes) -> list[Observation]:
    """The observations in a Parquet file, oldest first; none for a table without prices.

    Raises ``Unreadable`` where the file is no Parquet or lacks a column.
    """
    if key.table not in _READERS:
        return []
    columns, reader = _READERS[key.table]
    try:
        with pq.ParquetFile(pa.BufferReader(body)) as file:
            table = file.read(columns=[*_COMMON, *columns], use_threads=False)
        return sorted(reader(key, with_times(table, columns[0])), key=lambda observation: observation.at)
    except (pa.ArrowException, ValueError, TypeError, AttributeError, KeyError) as error:
        raise Unreadable(f"unreadable: {key} ({type(error).__name__})") from error


def with_times(table: pa.Table, time: str) -> list[dict[str, Any]]:
    """The table's rows, its ``time`` column as aware UTC times.

    By way of whole microseconds, because pyarrow imports pandas for a time with a zone
    (pyarrow 25, scalar.pxi, ``TimestampScalar.as_py``).
    """
    microseconds = table[time].cast(TIMESTAMP).cast(pa.int64()).to_pylist()
    times = (intervals.EPOCH + timedelta(microseconds=count) for count in microseconds)
    return [row | {time: at} for row, at in zip(table.drop_columns([time]).to_pylist(), times, strict=True)]


def _quotes(_: TrustedKey, rows: list[Row]) -> Iterator[Observation]:
    return (_observation(row, row["observed_at"], row["price"]) for row in rows)


def _candles(key: TrustedKey, rows: list[Row]) -> Iterator[Observation]:
    length = intervals.INTERVALS[key.partition.levels["interval"]]
    closed = sorted((row for row in rows if row["is_closed"]), key=_series_and_time)
    for _, series in groupby(closed, key=_pair):
        for row in list(series)[-RECENT_CANDLES:]:
            yield _observation(row, row["open_time"] + length, row["close"])


def _pair(row: Row) -> tuple[str, str, str]:
    return row["source"], row["base"], row["quote"]


def _series_and_time(row: Row) -> tuple[tuple[str, str, str], datetime]:
    return _pair(row), row["open_time"]


def _observation(row: Row, at: datetime, price: Decimal) -> Observation:
    return Observation(*_pair(row), at=at, price=price, raw_key=row["raw_key"])


_COMMON: Final = ("source", "base", "quote", "raw_key")
# Per table: the columns that it reads, the time first, and what makes observations of them.
_READERS: Final[Mapping[str, tuple[tuple[str, ...], Callable[..., Iterator[Observation]]]]] = {
    "quotes": (("observed_at", "price"), _quotes),
    "candles": (("open_time", "close", "is_closed"), _candles),
}
