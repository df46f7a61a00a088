"""Trusted files of the last days, merged once more: what an event that never came would have told.

A merge of what a part holds already writes nothing, so this costs one read of each file. Older files
are `coinlake rebuild`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from coinlake.keys import TRUSTED
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from coinlake.tables import Table, refined, tables
from refine.work import Message

SPAN: Final = timedelta(hours=26)  # a day, and the runs around it
_DAYS_BACK: Final = timedelta(days=2)
_STREAM: Final = "stream"  # a partition of live frames alone
_CLOCKS: Final = {"dt": "%Y-%m-%d", "month": "%Y-%m"}


@dataclass(frozen=True, slots=True)
class Healing:
    """What a daily run at ``now`` looks at."""

    lake: ObjectStore
    now: datetime

    def messages(self) -> Iterator[Message]:
        """An event of our own for each trusted file of the last day, in the partitions of these days.

        Live frames come last: their files are thousands a day, and must not take the others' time.
        """
        trusted = [table for table in tables().values() if table.location.startswith(TRUSTED)]
        for table in sorted(trusted, key=lambda one: _STREAM in refined()[one.name].partitions):
            for key in self._keys(table):
                yield Message(key, created_event(ObjectRef(self.lake.bucket, key)))

    def _keys(self, table: Table) -> Iterator[str]:
        folders = [table.location]
        for name in table.partitions:
            folders = [
                one for folder in folders for one in self.lake.folders(folder) if self._young(name, one)
            ]
        for folder in folders:
            yield from self.lake.keys(folder, written_after=self.now - SPAN)

    def _young(self, name: str, folder: str) -> bool:
        """Whether a partition can hold what was received these days; of others than times all can."""
        clock, value = _CLOCKS.get(name), folder.rstrip("/").rpartition("=")[2]
        return clock is None or value >= (self.now - _DAYS_BACK).strftime(clock)
