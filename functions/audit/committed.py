"""What was asked for and committed: windows from names in the ledger, what came of each, their candles."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from audit.months import Month
from coinlake import intervals, keys
from coinlake.errors import BadKey, NotFound
from coinlake.keys import LedgerKey, Partition, TrustedKey
from coinlake.records import LedgerEntry, RejectedSpan
from coinlake.stores import ObjectStore
from coinlake.tables import TIMESTAMP
from coinlake.windows import slot_bounds

DATASET: Final = "candles"
MAX_PARQUET_BYTES: Final = 64 << 20
MAX_ENTRY_BYTES: Final = 1 << 20
_THREADS: Final = 8  # S3 answers in tens of milliseconds, and botocore keeps ten connections
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class CommittedWindow:
    """A committed answer about one market's buckets from ``start`` to ``end``, which is exclusive.

    All that it says is in the name of its ledger entry: no object is read for it.
    """

    key: LedgerKey
    start: datetime
    end: datetime

    @property
    def market(self) -> str:
        """As the source names it, ``BTC-USD``."""
        return self.key.slot.parts[0]

    @property
    def interval(self) -> str:
        return self.key.slot.parts[1]

    @property
    def request(self) -> str:
        """The request that it answers, whatever its revision."""
        return f"{self.key.source} {replace(self.key.slot, revision=0)}"

    @property
    def recency(self) -> tuple[datetime, int]:
        """Sorts answers about the same buckets: the later request, and its last revision, knows best."""
        return self.end, self.key.slot.revision


@dataclass(frozen=True, slots=True)
class WindowOutcome:
    """What the ledger says of a committed window.

    ``rejected`` is why rows are in quarantine, ``spans`` which buckets these explain; None, of the whole
    answer or of an entry that says no more, explains every one.
    """

    raw_key: str
    rejected: str | None
    spans: Sequence[RejectedSpan] | None = None

    def rejection_of(self, bucket: datetime) -> str | None:
        """Why the bucket's row is, or may be, in quarantine; None where none of it is."""
        if self.rejected is None or self.spans is None:
            return self.rejected
        moment = f"{bucket:%Y-%m-%dT%H:%M:%SZ}"
        codes = {span.code for span in self.spans if span.start <= moment < span.end}
        return ", ".join(sorted(codes)) or None


def committed_windows(lake: ObjectStore, since: date) -> list[CommittedWindow]:
    """Every committed window of candles that ends on the day ``since`` or later, of whatever source."""
    prefixes = [f"{source}{DATASET}/" for source in lake.folders(keys.LEDGER)]
    folders = [
        folder
        for prefix, days in zip(prefixes, _in_parallel(lake.folders, prefixes), strict=True)
        for folder in days
        if folder >= Partition.day(since).prefix(prefix)
    ]
    listings = _in_parallel(lambda folder: list(lake.keys(folder)), folders)
    return list(parse_windows(name for names in listings for name in names))


def parse_windows(names: Iterable[str]) -> Iterator[CommittedWindow]:
    """The windows among ledger keys; whatever else is there is none."""
    for name in names:
        try:
            key = LedgerKey.parse(name)
        except BadKey:
            continue
        bounds = slot_bounds(key.slot)
        if bounds is not None:
            yield CommittedWindow(key, *bounds)


def cover(windows: Iterable[CommittedWindow], start: datetime, end: datetime) -> list[CommittedWindow]:
    """As few windows as hold together all that any of them holds from ``start`` to ``end``."""
    waiting = sorted(windows, key=lambda window: (window.start, window.recency), reverse=True)
    chosen: list[CommittedWindow] = []
    while waiting and start < end:
        start = max(start, waiting[-1].start)
        reaching = []
        while waiting and waiting[-1].start <= start:
            reaching.append(waiting.pop())
        best = max(reaching, key=lambda window: window.recency)
        if best.start >= end:
            break
        if best.end > start:
            chosen.append(best)
            start = best.end
            waiting += [window for window in reversed(reaching) if window.end > start]
    return chosen


def newest_by_bucket(windows: Sequence[CommittedWindow], interval: str) -> Mapping[datetime, CommittedWindow]:
    """For each bucket the last answer that covers it."""
    step, newest = intervals.duration(interval), dict[datetime, CommittedWindow]()
    for window in sorted(windows, key=lambda window: window.recency):
        bucket = window.start
        while bucket < window.end:
            newest[bucket] = window
            bucket += step
    return newest


@dataclass(frozen=True, slots=True)
class CommittedCandles:
    """The lake's ledger entries and trusted candles of one interval, several read at a time."""

    lake: ObjectStore
    interval: str

    def outcomes(self, windows: Sequence[CommittedWindow]) -> list[WindowOutcome]:
        return _in_parallel(self._outcome, windows)

    def bucket_starts(self, windows: Iterable[CommittedWindow], month: Month) -> set[datetime]:
        """The starts of the month's buckets whose closed candles the windows brought."""
        partition = Partition.month(str(month), interval=self.interval)
        files = [
            TrustedKey(window.key.source, window.key.dataset, window.key.slot, "candles", partition)
            for window in windows
        ]
        return {start for starts in _in_parallel(self._starts, files) for start in starts}

    def _outcome(self, window: CommittedWindow) -> WindowOutcome:
        entry = LedgerEntry.from_json(self.lake.get(str(window.key), MAX_ENTRY_BYTES).body)
        return WindowOutcome(entry.raw_key, ", ".join(sorted(entry.reasons)) or None, entry.rejected)

    def _starts(self, key: TrustedKey) -> list[datetime]:
        """Empty where the answer had no candle in the partition: then there is no such file."""
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


def _in_parallel(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(function, items))
