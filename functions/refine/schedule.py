"""What a run does by the time it is due: which derived tables follow, which files the daily run merges again.

Each run changes the partitions of today, and deriving from them costs a write for each table: so that
happens every ``derive_minutes``, and what follows from older data at once. Which partitions are current
follows from the time alone, so nothing has to be remembered between runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Final

from coinlake.errors import BadKey
from coinlake.intervals import INTERVALS
from coinlake.keys import TRUSTED, Partition
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from coinlake.tables import Table, refined, tables
from refine.partitions import TablePartition

HEALED: Final = timedelta(hours=26)  # a day, and the runs around it
_HEALED_DAYS: Final = timedelta(days=2)
_STREAM: Final = "stream"  # a partition of live frames alone
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The run that is due at ``now``: one comes every ``batch_minutes``.

    What follows from current data is derived every ``derive_minutes``.
    """

    now: datetime
    batch_minutes: int
    derive_minutes: int

    @property
    def is_due(self) -> bool:
        """Whether this run, the first since a multiple of ``derive_minutes``, derives from current data."""
        minutes = self.now.hour * 60 + self.now.minute
        return minutes % self.derive_minutes < self.batch_minutes

    @property
    def derives_seldom(self) -> bool:
        """Whether there are runs between two that are due."""
        return self.batch_minutes < self.derive_minutes

    def is_deferred(self, partition: TablePartition) -> bool:
        """Whether what follows from the partition is left to a later run."""
        return not self.is_due and _may_hold(partition.partition, since=self._yesterday)

    def current_partitions(self) -> Iterator[TablePartition]:
        """Today's partitions and yesterday's: what runs since the last due one may have changed."""
        days = [self._yesterday, self._today]
        values = {
            "dt": [f"{day:%Y-%m-%d}" for day in days],
            "month": sorted({f"{day:%Y-%m}" for day in days}),
            "interval": list(INTERVALS),
        }
        for name, table in refined().items():
            if tables()[name].location.startswith(TRUSTED) and values.keys() >= set(table.partitions):
                for levels in product(*(values[level] for level in table.partitions)):
                    levels_of = zip(table.partitions, levels, strict=True)
                    yield TablePartition(name, Partition.of(dict(levels_of)))

    @property
    def _today(self) -> date:
        return self.now.date()

    @property
    def _yesterday(self) -> date:
        return self._today - _DAY


def _may_hold(partition: Partition, since: date) -> bool:
    """Whether the partition is of a day or a month that is not over before ``since``."""
    dates = partition.dates()
    return dates is not None and dates[1] >= since


def messages_to_heal(lake: ObjectStore, now: datetime) -> Iterator[Message]:
    """An event of our own for each trusted file of the last day: some event may never have come.

    Merging what a partition holds already writes nothing, so this costs one read of each file. Older
    files are for `coinlake rebuild`. Live frames come last: their files are thousands a day, and must not
    take the others' time.
    """
    trusted = [table for table in tables().values() if table.location.startswith(TRUSTED)]
    for table in sorted(trusted, key=lambda table: _STREAM in refined()[table.name].partitions):
        for key in _recent_keys(lake, table, now):
            yield Message(key, created_event(ObjectRef(lake.bucket, key)), "")


def _recent_keys(lake: ObjectStore, table: Table, now: datetime) -> Iterator[str]:
    """Keys of files written in the last day, in partitions that can hold what was received these days."""
    folders = [table.location]
    for _ in table.partitions:
        folders = [
            inner
            for folder in folders
            for inner in lake.folders(folder)
            if _is_recent(inner.removeprefix(table.location).rstrip("/"), since=(now - _HEALED_DAYS).date())
        ]
    for folder in folders:
        yield from lake.keys(folder, written_after=now - HEALED)


def _is_recent(folder: str, since: date) -> bool:
    """Of folders that say no time, all are; of those that coinlake did not make, none is."""
    try:
        partition = Partition.parse(folder)
        return partition.dates() is None or _may_hold(partition, since)
    except BadKey:
        return False
