"""What the dashboard's files are made from: refined partitions, and the gap ledger that audit wrote."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from coinlake import parquet
from coinlake.config import LakeConfig
from coinlake.errors import NotFound
from coinlake.keys import GapsKey, Partition
from coinlake.sources import owner
from coinlake.stores import ObjectStore
from coinlake.tables import tables
from refine.partitions import TablePartition

_MAX_GAPS_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class LakeReader:
    """Any refined partition's rows, a table's partitions, the gaps of intervals and months."""

    read: Callable[[TablePartition], pa.Table]
    existing: Callable[[str], list[Partition]]
    gaps: Callable[[Iterable[str], Iterable[str]], pa.Table]


@dataclass(frozen=True, slots=True)
class GapReader:
    """What became of the candles that the enabled feeds ask for: a file by source, interval and month."""

    lake: ObjectStore
    config: LakeConfig

    def intervals(self) -> list[str]:
        return sorted({interval for _, interval in self._audited()})

    def read(self, intervals: Iterable[str], months: Iterable[str]) -> pa.Table:
        """The rows with their ``interval``; a month that no audit saw has none."""
        selected, months = set(intervals), list(months)
        files = [
            self._file(source, interval, month)
            for source, interval in sorted(self._audited())
            if interval in selected
            for month in months
        ]
        return pa.concat_tables([_with_interval(_no_gaps(), ""), *files])

    def _audited(self) -> set[tuple[str, str]]:
        feeds = [feed for feed in self.config.feeds.values() if feed.enabled and feed.dataset == "candles"]
        return {(owner(feed.source), feed.interval) for feed in feeds}

    def _file(self, source: str, interval: str, month: str) -> pa.Table:
        key = GapsKey(source, Partition.month(month, interval=interval))
        try:
            stored = self.lake.get(str(key), _MAX_GAPS_BYTES)
        except NotFound:
            return _with_interval(_no_gaps(), interval)
        rows = parquet.decode(tables()["gaps"], stored.body).cast(tables()["gaps"].schema)
        return _with_interval(rows, interval)


def _no_gaps() -> pa.Table:
    return tables()["gaps"].schema.empty_table()


def _with_interval(rows: pa.Table, interval: str) -> pa.Table:
    return rows.append_column("interval", pa.repeat(pa.scalar(interval), rows.num_rows))
