"""What the lake can testify: ledger entries and the times of trusted candles."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from audit.judging import Answer
from audit.months import Month
from audit.windows import Window, committed
from coinlake import intervals, keys
from coinlake.errors import NotFound
from coinlake.keys import TrustedKey
from coinlake.records import LedgerEntry
from coinlake.stores import ObjectStore
from coinlake.tables import TIMESTAMP

DATASET: Final = "candles"
MAX_PARQUET_BYTES: Final = 64 << 20
MAX_ENTRY_BYTES: Final = 1 << 20
LONGEST_WINDOW: Final = 1000  # buckets in the longest answer there is, Binance's
LONGEST_PERIOD: Final = timedelta(days=31)
_THREADS: Final = 8  # S3 answers in tens of milliseconds, and botocore keeps ten connections
_One = TypeVar("_One")
_Other = TypeVar("_Other")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The lake's testimony about candles of one interval."""

    lake: ObjectStore
    interval: str

    def windows(self, origins: Iterable[str], month: Month, now: datetime) -> list[Window]:
        """The committed windows that overlap the month. ``origins`` are sources, archives included."""
        longest = max(LONGEST_WINDOW * intervals.duration(self.interval), LONGEST_PERIOD)
        days = (min(month.end + longest, now) - month.start).days
        prefixes = [
            keys.ledger_prefix(origin, DATASET, (month.start + timedelta(days=day)).date())
            for origin in origins
            for day in range(days + 1)
        ]
        listed = _together(lambda prefix: list(self.lake.keys(prefix)), prefixes)
        found = committed((name for names in listed for name in names), self.interval)
        return [window for window in found if window.start < month.end and window.end > month.start]

    def answer(self, window: Window) -> Answer:
        entry = LedgerEntry.from_json(self.lake.get(str(window.key), MAX_ENTRY_BYTES).body)
        return Answer(entry.raw_key, ", ".join(sorted(entry.reasons)) or None)

    def answers(self, windows: Sequence[Window]) -> list[Answer]:
        return _together(self.answer, windows)

    def candles(self, windows: Iterable[Window], month: Month) -> set[datetime]:
        """The starts of the month's buckets whose candles the windows brought."""
        partition = f"interval={self.interval}/month={month}"
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


def times(column: pa.ChunkedArray) -> list[datetime]:
    """Aware UTC, by way of microseconds: pyarrow imports pandas for a time with a zone."""
    microseconds = column.cast(TIMESTAMP).cast(pa.int64()).to_pylist()
    return [intervals.EPOCH + timedelta(microseconds=count) for count in microseconds]


def _together(work: Callable[[_One], _Other], items: Sequence[_One]) -> list[_Other]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, items))
