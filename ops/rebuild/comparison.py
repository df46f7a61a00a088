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
from ops.rebuild.scratch import Scratch

MAX_BYTES: Final = 1 << 30


class State(StrEnum):
    """What comparing one object found."""

    EQUAL = "equal"
    DIFFERS = "differs"
    MISSING = "missing"  # should be there and is not
    EXTRA = "extra"  # is there and should not be
    CHANGED = "changed meanwhile"  # replaced while we computed: no verdict


@dataclass(frozen=True, slots=True)
class Compared:
    """One object's verdict; the hashes are SHA-256 of the whole file, empty where there is none."""

    key: str
    state: State
    real: str = ""
    computed: str = ""

    @property
    def partition(self) -> str:
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The objects of ``store`` that ``before`` lists, against those of ``scratch``."""

    store: ObjectStore
    scratch: Scratch
    before: dict[str, Entry]

    @classmethod
    def of(cls, store: ObjectStore, scratch: Scratch, before: Iterable[Entry]) -> "Comparison":
        return cls(store, scratch, {entry.key: entry for entry in before})

    def __iter__(self) -> Iterator[Compared]:
        computed = set(self.scratch.paths())
        for key in sorted(computed | self.before.keys()):
            yield self._compared(key, here=key in computed)

    def _compared(self, key: str, *, here: bool) -> Compared:
        ours = sha256(self.scratch.body(key)) if here else ""
        known = self.before.get(key)
        if known is None:
            return Compared(key, State.MISSING, computed=ours)
        try:
            stored = self.store.get(key, MAX_BYTES)
        except NotFound:
            return Compared(key, State.CHANGED, computed=ours)
        theirs = sha256(stored.body)
        if ours == theirs:
            return Compared(key, State.EQUAL, theirs, ours)
        if stored.etag != known.etag:
            return Compared(key, State.CHANGED, theirs, ours)
        return Compared(key, State.DIFFERS if here else State.EXTRA, theirs, ours)

    def mend(self, compared: Compared) -> bool:
        """Put what was computed in its place; False where another wrote the object meanwhile."""
        known = self.before.get(compared.key)
        try:
            if compared.state is State.EXTRA:
                return self._deleted(compared.key)
            if known:
                self._put(compared.key, IfMatch=known.etag)
            else:
                self._put(compared.key, IfNoneMatch="*")
        except (PreconditionFailed, WriteConflict, NotFound):
            return False
        return True

    def _deleted(self, key: str) -> bool:
        """Whether it still was what the verdict is about; the question to the user leaves refine time."""
        if self.store.head(key).etag != self.before[key].etag:
            return False
        self.store.delete(key)
        return True

    def _put(self, key: str, **condition: str) -> None:
        body = self.scratch.body(key)
        put: Callable[..., None] = self.store.put
        put(key, body, content_type=CONTENT_TYPE, **condition)


def by_partition(compared: Iterable[Compared]) -> dict[str, list[Compared]]:
    """The verdicts of each partition, in order."""
    found = defaultdict[str, list[Compared]](list)
    for one in compared:
        found[one.partition].append(one)
    return dict(sorted(found.items()))
