"""What the lake can testify: what was asked for, what came of it, and the times of trusted candles."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from audit.judging import Answer
from audit.months import Month
from audit.windows import Window, committed
from coinlake import intervals, keys
from coinlake.errors import NotFound
from coinlake.keys import Partition, TrustedKey
from coinlake.records import LedgerEntry
from coinlake.stores import ObjectStore
from coinlake.tables import TIMESTAMP

DATASET: Final = "candles"
MAX_PARQUET_BYTES: Final = 64 << 20
MAX_ENTRY_BYTES: Final = 1 << 20
_THREADS: Final = 8  # S3 answers in tens of milliseconds, and botocore keeps ten connections
_One = TypeVar("_One")
_Other = TypeVar("_Other")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The lake's testimony about candles of one interval."""

    lake: ObjectStore
    interval: str

    def answer(self, window: Window) -> Answer:
        entry = LedgerEntry.from_json(self.lake.get(str(window.key), MAX_ENTRY_BYTES).body)
        return Answer(entry.raw_key, ", ".join(sorted(entry.reasons)) or None)

    def answers(self, windows: Sequence[Window]) -> list[Answer]:
        return _together(self.answer, windows)

    def candles(self, windows: Iterable[Window], month: Month) -> set[datetime]:
        """The starts of the month's buckets whose candles the windows brought."""
        partition = Partition.month(str(month), interval=self.interval)
        names = [
            TrustedKey(window.key.source, window.key.dataset, window.key.slot, "candles", partition)
            for window in windows
        ]
        return {moment for moments in _together(self._times, names) for moment in moments}

    def _times(self, key: TrustedKey) -> list[datetime]:
        """None where the answer had no candle in the partition."""
        try:
            body = self.lake.get(str(key), MAX_PARQUET_BYTES).body
        except NotFound:
            return []
        with pq.ParquetFile(pa.BufferReader(body)) as file:
            rows = file.read(columns=["open_time", "is_closed"], use_threads=False)
        return times(rows.filter(rows["is_closed"])["open_time"])


def windows(lake: ObjectStore, since: date) -> list[Window]:
    """Every committed window of candles that ends on the day ``since`` or later, of whatever source."""
    sources = [f"{source}{DATASET}/" for source in lake.folders(keys.LEDGER)]
    days = [day for found in _together(lake.folders, sources) for day in found if day >= _folder(day, since)]
    listed = _together(lambda day: list(lake.keys(day)), days)
    return list(committed(name for names in listed for name in names))


def _folder(day: str, since: date) -> str:
    """The folder of ``since`` beside the folder of another ``day``."""
    return f"{day.partition('dt=')[0]}dt={since}/"


def times(column: pa.ChunkedArray) -> list[datetime]:
    """Aware UTC, by way of microseconds: pyarrow imports pandas for a time with a zone."""
    microseconds = column.cast(TIMESTAMP).cast(pa.int64()).to_pylist()
    return [intervals.EPOCH + timedelta(microseconds=count) for count in microseconds]


def _together(work: Callable[[_One], _Other], items: Sequence[_One]) -> list[_Other]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, items))
