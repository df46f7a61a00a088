"""The gap ledger of the last months, as audit wrote it: a file by source, interval and month."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from coinlake import parquet
from coinlake.config import LakeConfig
from coinlake.errors import NotFound
from coinlake.feeds import owner
from coinlake.keys import gaps_key
from coinlake.stores import ObjectStore
from coinlake.tables import tables

_MAX_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Gaps:
    """What became of the candles that the enabled feeds ask for."""

    lake: ObjectStore
    config: LakeConfig

    def intervals(self) -> list[str]:
        return sorted({interval for _, interval in self._audited()})

    def read(self, intervals: Iterable[str], months: Iterable[str]) -> pa.Table:
        """The rows with their ``interval``; a month that no audit saw has none."""
        wanted, months = set(intervals), list(months)
        files = [
            self._file(source, interval, month)
            for source, interval in sorted(self._audited())
            if interval in wanted
            for month in months
        ]
        return pa.concat_tables([_labelled(self._empty(), ""), *files])

    def _audited(self) -> Iterator[tuple[str, str]]:
        feeds = [feed for feed in self.config.feeds.values() if feed.enabled and feed.dataset == "candles"]
        yield from {(owner(feed.source), feed.interval) for feed in feeds}

    def _file(self, source: str, interval: str, month: str) -> pa.Table:
        try:
            stored = self.lake.get(gaps_key(source, interval, month), _MAX_BYTES)
        except NotFound:
            return _labelled(self._empty(), interval)
        return _labelled(parquet.decode(tables()["gaps"], stored.body).cast(self._empty().schema), interval)

    @staticmethod
    def _empty() -> pa.Table:
        return tables()["gaps"].schema.empty_table()


def _labelled(rows: pa.Table, interval: str) -> pa.Table:
    return rows.append_column("interval", pa.repeat(pa.scalar(interval), rows.num_rows))
