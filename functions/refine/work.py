"""A batch of events about trusted files, into the parts that they touch and what follows from those.

A fault stays with the messages that meet it: they come again, the others are done.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import pyarrow as pa

from coinlake.errors import BadEvent, BadKey, NotFound
from coinlake.intervals import duration
from coinlake.keys import TrustedKey
from coinlake.observability import logger
from coinlake.records import printable
from coinlake.s3_events import ObjectRef, created_objects
from coinlake.tables import refined
from refine.files import File, Files, is_ours
from refine.merge import in_order, merge
from refine.parts import Part, Parts
from refine.tables import DERIVED, Derived, candles


class Message(NamedTuple):
    """What a queue holds; ``receipt`` is for its deletion."""

    id: str
    body: str
    receipt: str = ""


@dataclass(slots=True)
class Outcome:
    """Which messages must come again, which parts were touched, how many messages were none of ours."""

    failed: set[str] = field(default_factory=set)
    touched: set[Part] = field(default_factory=set)
    ignored: int = 0

    def add(self, other: "Outcome") -> None:
        self.failed |= other.failed
        self.touched |= other.touched
        self.ignored += other.ignored


@dataclass(slots=True)
class Task:
    """What happens to one part: files to merge, a part to derive from; and which messages want it."""

    files: list[File] = field(default_factory=list)
    lower: Part | None = None
    causes: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Refine:
    """The stage over one lake bucket, whose ``derived`` tables follow from the merged parts."""

    bucket: str
    files: Files
    parts: Parts
    derived: Sequence[Derived] = DERIVED

    def batch(
        self, messages: Iterable[Message], waits: Callable[[Part], bool] = lambda _part: False
    ) -> Outcome:
        """Do what the messages ask, each part once; from parts that ``waits`` names nothing is derived yet.

        Raises nothing: a message that met a fault failed.
        """
        outcome, causes = Outcome(), defaultdict[str, set[str]](set)
        for message in messages:
            for key in self._keys(message, outcome):
                causes[key].add(message.id)
        tasks = self._tasks(causes, outcome)
        for part in sorted(tasks, key=_order):
            self._merge(part, tasks[part], causes, outcome)
        outcome.touched |= tasks.keys()
        self.derive({part: task.causes for part, task in tasks.items() if not waits(part)}, outcome)
        return outcome

    def derive(self, blamed: dict[Part, set[str]], outcome: Outcome) -> None:
        """What follows from touched parts, each of which some messages are the cause of."""
        for table in self.derived:
            self._derive(table, blamed, outcome)

    def _keys(self, message: Message, outcome: Outcome) -> Iterator[str]:
        """The trusted files that a message names; what is none of ours no retry can help."""
        try:
            refs = created_objects(message.body)
        except BadEvent as error:
            _ignored(outcome, error.code)
            return
        for ref in refs:
            code = self._fault(ref)
            if code:
                _ignored(outcome, code, ref.key)
            else:
                yield ref.key

    def _fault(self, ref: ObjectRef) -> str | None:
        if ref.bucket != self.bucket:
            return "unexpected_bucket"
        try:
            key = TrustedKey.parse(ref.key)
        except BadKey as error:
            return error.code
        return None if is_ours(key) else "unexpected_table"

    def _tasks(self, causes: Mapping[str, set[str]], outcome: Outcome) -> dict[Part, Task]:
        """What is to be done, by part: merging, and deriving the candles of longer intervals."""
        tasks = defaultdict[Part, Task](Task)
        for key, ids in causes.items():
            with _blaming(ids, outcome, key):
                for part, file in self._touched(key):
                    tasks[part].files.append(file)
                    tasks[part].causes |= ids
        for interval in candles.HIGHER:
            for part in [part for part in tasks if part.values.get("interval") == interval]:
                for longer in candles.higher(part):
                    tasks[longer].lower = part
                    tasks[longer].causes |= tasks[part].causes
        return tasks

    def _touched(self, key: str) -> list[tuple[Part, File]]:
        try:
            return list(self.files.touched(TrustedKey.parse(key)))
        except NotFound:
            return []

    def _merge(self, part: Part, task: Task, causes: Mapping[str, set[str]], outcome: Outcome) -> None:
        def change(current: pa.Table) -> pa.Table:
            found = [rows for file in task.files for rows in self._read(file, causes[file.key], outcome)]
            rows = merge(refined()[part.table], current, found) if found else current
            if task.lower:
                shorter, longer = task.lower.values["interval"], part.values["interval"]
                rows = candles.with_derived(rows, self.parts.rows(task.lower), shorter, longer)
            return rows

        with _blaming(task.causes, outcome, part.key):
            self.parts.update(part, change)

    def _read(self, file: File, ids: Set[str], outcome: Outcome) -> list[pa.Table]:
        """A file's rows; none where transform deleted it meanwhile, and where it cannot be read."""
        with _blaming(ids, outcome, file.key):
            try:
                return [self.files.read(file)]
            except NotFound:
                logger.info("trusted file gone", trusted_key=file.key)
        return []

    def _derive(self, table: Derived, blamed: dict[Part, set[str]], outcome: Outcome) -> None:
        """The parts of one derived table; their faults are those of the messages behind their inputs."""
        everyone = set[str]().union(*blamed.values())
        todo: list[Part] = []
        with _blaming(everyone, outcome, "derived tables"):
            todo = table.partitions(frozenset(blamed), self.parts.existing)
        for part in todo:
            inputs = table.inputs(part, frozenset(blamed))
            ids = set[str]().union(*(blamed.get(one, set()) for one in inputs))
            with _blaming(ids, outcome, part.key):
                self.parts.update(part, self._derivation(table, part, inputs))
            blamed[part] = ids
            outcome.touched.add(part)

    def _derivation(
        self, table: Derived, part: Part, inputs: Sequence[Part]
    ) -> Callable[[pa.Table], pa.Table]:
        def change(_current: pa.Table) -> pa.Table:
            by_table = defaultdict[str, list[pa.Table]](list)
            for one in inputs:
                by_table[one.table].append(self.parts.read(one))
            rows = table.derive(part, {name: pa.concat_tables(found) for name, found in by_table.items()})
            return in_order(refined()[part.table], rows)

        return change


@contextmanager
def _blaming(ids: Collection[str], outcome: Outcome, name: str) -> Iterator[None]:
    """A fault within is logged, and fails these messages only."""
    try:
        yield
    except Exception as error:
        logger.exception("part failed", object_name=printable(name), error=type(error).__name__)
        outcome.failed.update(ids)


def _ignored(outcome: Outcome, code: str, name: str | None = None) -> None:
    logger.warning("message ignored", code=code, object_name=name and printable(name))
    outcome.ignored += 1


def _order(part: Part) -> tuple[str, timedelta, str]:
    """Candles of shorter intervals before those that are put together from them."""
    interval = part.values.get("interval")
    return part.table, duration(interval) if interval else timedelta(), part.partition
