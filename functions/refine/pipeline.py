"""Messages about trusted files, merged into the refined partitions that they touch, and what is derived.

A fault stays with the messages that meet it: they come again, the others are done.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa

from coinlake.errors import BadEvent, BadKey, NotFound
from coinlake.intervals import duration
from coinlake.keys import TrustedKey
from coinlake.observability import logger
from coinlake.queues import Message
from coinlake.records import printable
from coinlake.s3_events import ObjectRef, created_objects
from coinlake.tables import refined
from refine.merge import in_order, merge
from refine.partitions import RefinedZone, TablePartition, TrustedFile, TrustedFiles, is_in_catalog
from refine.tables import DERIVED, DerivedTable, candles


@dataclass(slots=True)
class Outcome:
    """Ids of the messages that failed, partitions that were touched, how many messages were ignored.

    A partition is touched whether its bytes changed or not; an ignored message names no file of the lake.
    """

    failed: set[str] = field(default_factory=set)
    touched: set[TablePartition] = field(default_factory=set)
    ignored: int = 0

    def add(self, other: "Outcome") -> None:
        self.failed |= other.failed
        self.touched |= other.touched
        self.ignored += other.ignored


@dataclass(slots=True)
class MergeTask:
    """What one partition becomes: ``files`` to merge, a partition of ``shorter`` candles to put together.

    ``message_ids`` are of the messages that it is done for.
    """

    files: list[TrustedFile] = field(default_factory=list)
    shorter: TablePartition | None = None
    message_ids: set[str] = field(default_factory=set)


def _never(_: TablePartition) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Trusted to refined over one lake bucket; ``derived`` tables follow from the merged partitions."""

    bucket: str
    trusted: TrustedFiles
    refined: RefinedZone
    derived: Sequence[DerivedTable] = DERIVED

    def process(
        self, messages: Iterable[Message], is_deferred: Callable[[TablePartition], bool] = _never
    ) -> Outcome:
        """Merge the files that the messages name, each partition once, and derive what follows.

        From partitions that ``is_deferred`` nothing is derived yet. Raises nothing: a message that met a
        fault is in ``failed``.
        """
        outcome, messages_of = Outcome(), defaultdict[str, set[str]](set)
        for message in messages:
            for key in self._keys(message, outcome):
                messages_of[key].add(message.id)
        tasks = self._tasks(messages_of, outcome)
        for partition in sorted(tasks, key=_shorter_first):
            self._merge(partition, tasks[partition], messages_of, outcome)
        outcome.touched |= tasks.keys()
        self.derive(
            {partition: task.message_ids for partition, task in tasks.items() if not is_deferred(partition)},
            outcome,
        )
        return outcome

    def derive(self, causes: dict[TablePartition, set[str]], outcome: Outcome) -> None:
        """What follows from the touched partitions, each with the ids of the messages that touched it."""
        for table in self.derived:
            self._derive(table, causes, outcome)

    def _keys(self, message: Message, outcome: Outcome) -> Iterator[str]:
        """The trusted files that a message names; foreign objects are counted, since no retry helps."""
        try:
            created = created_objects(message.body)
        except BadEvent as error:
            _ignore(outcome, error.code)
            return
        for fault in created.faults:
            _ignore(outcome, fault.code)
        for ref in created.objects:
            code = self._reason_to_ignore(ref)
            if code:
                _ignore(outcome, code, ref.key)
            else:
                yield ref.key

    def _reason_to_ignore(self, ref: ObjectRef) -> str | None:
        if ref.bucket != self.bucket:
            return "unexpected_bucket"
        try:
            key = TrustedKey.parse(ref.key)
        except BadKey as error:
            return error.code
        return None if is_in_catalog(key) else "unexpected_table"

    def _tasks(
        self, messages_of: Mapping[str, set[str]], outcome: Outcome
    ) -> dict[TablePartition, MergeTask]:
        """What is to be done, by partition: merging, and putting candles of longer intervals together."""
        tasks = defaultdict[TablePartition, MergeTask](MergeTask)
        for key, ids in messages_of.items():
            with _failing(ids, outcome, key):
                for partition, file in self._partitions(key):
                    tasks[partition].files.append(file)
                    tasks[partition].message_ids |= ids
        plan_longer(tasks)
        return tasks

    def _partitions(self, key: str) -> list[tuple[TablePartition, TrustedFile]]:
        try:
            return list(self.trusted.partitions(TrustedKey.parse(key)))
        except NotFound:
            return []

    def _merge(
        self,
        partition: TablePartition,
        task: MergeTask,
        messages_of: Mapping[str, set[str]],
        outcome: Outcome,
    ) -> None:
        def change(current: pa.Table) -> pa.Table:
            files = [rows for file in task.files for rows in self._read(file, messages_of[file.key], outcome)]
            shorter = self.refined.rows(task.shorter) if task.shorter else None
            return merged(partition, current, files, shorter)

        with _failing(task.message_ids, outcome, partition.key):
            self.refined.update(partition, change)

    def _read(self, file: TrustedFile, message_ids: Set[str], outcome: Outcome) -> list[pa.Table]:
        """A file's rows; none where transform deleted it meanwhile, and where it cannot be read."""
        with _failing(message_ids, outcome, file.key):
            try:
                return [self.trusted.read(file)]
            except NotFound:
                logger.info("trusted file gone", trusted_key=file.key)
        return []

    def _derive(self, table: DerivedTable, causes: dict[TablePartition, set[str]], outcome: Outcome) -> None:
        """The partitions of one derived table; their faults are those of the messages behind their inputs."""
        changed, partitions = frozenset(causes), list[TablePartition]()
        with _failing(set[str]().union(*causes.values()), outcome, "derived tables"):
            partitions = table.partitions(changed, self.refined.existing)
        for partition in partitions:
            inputs = table.inputs(partition, frozenset(causes))
            ids = set[str]().union(*(causes.get(source, set()) for source in inputs))
            with _failing(ids, outcome, partition.key):
                self.refined.update(partition, self._derivation(table, partition, inputs))
            causes[partition] = ids
            outcome.touched.add(partition)

    def _derivation(
        self, table: DerivedTable, partition: TablePartition, inputs: Sequence[TablePartition]
    ) -> Callable[[pa.Table], pa.Table]:
        def change(_current: pa.Table) -> pa.Table:
            by_table = defaultdict[str, list[pa.Table]](list)
            for source in inputs:
                by_table[source.table].append(self.refined.read(source))
            rows = {name: pa.concat_tables(tables) for name, tables in by_table.items()}
            return in_order(refined()[partition.table], table.derive(partition, rows))

        return change


def plan_longer(tasks: defaultdict[TablePartition, MergeTask]) -> None:
    """Add what the candles among ``tasks`` are put together to, be there files for it or not."""
    for interval in candles.LONGER:
        for shorter in [key for key in tasks if key.values.get("interval") == interval]:
            for longer in candles.longer(shorter):
                tasks[longer].shorter = shorter
                tasks[longer].message_ids |= tasks[shorter].message_ids


def merged(
    partition: TablePartition, current: pa.Table, files: Sequence[pa.Table], shorter: pa.Table | None = None
) -> pa.Table:
    """The partition's rows with those of ``files``, and with candles put together from the ``shorter``."""
    rows = merge(refined()[partition.table], current, files) if files else current
    if shorter is None:
        return rows
    longer = partition.values["interval"]
    return candles.with_derived(rows, shorter, candles.SHORTER[longer], longer)


@contextmanager
def _failing(message_ids: Collection[str], outcome: Outcome, name: str) -> Iterator[None]:
    """A fault within is logged, and fails these messages only."""
    try:
        yield
    except Exception as error:
        logger.exception("part failed", object_name=printable(name), error=type(error).__name__)
        outcome.failed.update(message_ids)


def _ignore(outcome: Outcome, code: str, name: str | None = None) -> None:
    logger.warning("message ignored", code=code, object_name=name and printable(name))
    outcome.ignored += 1


def _shorter_first(partition: TablePartition) -> tuple[str, timedelta, str]:
    """Candles of shorter intervals before those that are put together from them."""
    interval = partition.values.get("interval")
    return partition.table, duration(interval) if interval else timedelta(), partition.partition
