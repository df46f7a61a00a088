"""The real zone against the one computed anew: partition by partition, byte by byte."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coinlake.errors import NotFound, PreconditionFailed, WriteConflict
from coinlake.parquet import CONTENT_TYPE
from coinlake.stores import ObjectStore, sha256
from ops.listing import Entry
from ops.rebuild.scratch_bucket import ScratchBucket

MAX_BYTES: Final = 1 << 30


class State(StrEnum):
    """The result of comparing one object."""

    EQUAL = "equal"
    DIFFERS = "differs"
    MISSING = "missing"  # should be there and is not
    EXTRA = "extra"  # is there and should not be
    CHANGED = "changed meanwhile"  # replaced while we computed: no verdict


@dataclass(frozen=True, slots=True)
class ComparedObject:
    """One object's verdict; the hashes are SHA-256 of the whole file, empty where there is none."""

    key: str
    state: State
    real: str = ""
    computed: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether it should be replaced; no verdict is not wrong."""
        return self.state not in (State.EQUAL, State.CHANGED)

    @property
    def partition(self) -> str:
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The objects of ``store`` that ``listed`` has, against those of ``scratch``."""

    store: ObjectStore
    scratch: ScratchBucket
    listed: dict[str, Entry]

    @classmethod
    def of(cls, store: ObjectStore, scratch: ScratchBucket, listed: Iterable[Entry]) -> "Comparison":
        return cls(store, scratch, {entry.key: entry for entry in listed})

    def __iter__(self) -> Iterator[ComparedObject]:
        computed = set(self.scratch.paths())
        for key in sorted(computed | self.listed.keys()):
            yield self._compared(key, is_computed=key in computed)

    def _compared(self, key: str, *, is_computed: bool) -> ComparedObject:
        computed = sha256(self.scratch.body(key)) if is_computed else ""
        listed = self.listed.get(key)
        if listed is None:
            return ComparedObject(key, State.MISSING, computed=computed)
        try:
            stored = self.store.get(key, MAX_BYTES)
        except NotFound:
            return ComparedObject(key, State.CHANGED, computed=computed)
        real = sha256(stored.body)
        if computed == real:
            return ComparedObject(key, State.EQUAL, real, computed)
        if stored.etag != listed.etag:
            return ComparedObject(key, State.CHANGED, real, computed)
        return ComparedObject(key, State.DIFFERS if is_computed else State.EXTRA, real, computed)

    def repair(self, compared: ComparedObject) -> bool:
        """Put what was computed in its place; False where another wrote the object meanwhile."""
        listed = self.listed.get(compared.key)
        try:
            if compared.state is State.EXTRA:
                return self._delete_unchanged(compared.key)
            if listed:
                self._put(compared.key, IfMatch=listed.etag)
            else:
                self._put(compared.key, IfNoneMatch="*")
        except (PreconditionFailed, WriteConflict, NotFound):
            return False
        return True

    def _delete_unchanged(self, key: str) -> bool:
        """Whether it still was what the verdict is about; the question to the user leaves refine time."""
        if self.store.head(key).etag != self.listed[key].etag:
            return False
        self.store.delete(key)
        return True

    def _put(self, key: str, **condition: str) -> None:
        body = self.scratch.body(key)
        put: Callable[..., None] = self.store.put
        put(key, body, content_type=CONTENT_TYPE, **condition)


def by_partition(compared: Iterable[ComparedObject]) -> dict[str, list[ComparedObject]]:
    """The verdicts of each partition, in order."""
    partitions = defaultdict[str, list[ComparedObject]](list)
    for verdict in compared:
        partitions[verdict.partition].append(verdict)
    return dict(sorted(partitions.items()))
