"""What became of a run: counted by the executors, shown while it works, and written when it ends."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from coinlake.errors import CoinlakeError
from coinlake.stores import ObjectStore

FOLDER: Final = "spark/runs/"  # in the artifacts bucket, as terraform/spark.tf has it
MAX_FAULTS: Final = 10
_MAX_TEXT: Final = 300
_SECONDS: Final = 5


class Fault(NamedTuple):
    """An object, or a part, that failed, and why."""

    key: str
    error: str

    @classmethod
    def of(cls, key: str, error: Exception) -> "Fault":
        """In a sentence: our own errors are; of any other its kind is said too."""
        text = str(error) if isinstance(error, CoinlakeError) else f"{type(error).__name__}: {error}"
        return cls(key, " ".join(text.split())[:_MAX_TEXT])


@dataclass(slots=True)
class Tally:
    """Objects of transform, or parts of refine: how many, and what became of them.

    ``done`` ones needed nothing. Files were ``written``, or left as they are because they are ``unchanged``.
    Of the ``failed`` the first ten are ``faults``.
    """

    objects: int = 0
    done: int = 0
    missing: int = 0
    failed: int = 0
    rows_in: int = 0
    rows_trusted: int = 0
    rows_quarantined: int = 0
    written: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name, value in asdict(other).items():
            if name != "faults":
                setattr(self, name, getattr(self, name) + value)
        self.faults = [*self.faults, *other.faults][:MAX_FAULTS]

    def fail(self, key: str, error: Exception) -> None:
        self.add(Tally(failed=1, faults=[Fault.of(key, error)]))

    @property
    def is_balanced(self) -> bool:
        """Whether no row was lost or doubled: rows in = rows trusted + rows quarantined."""
        return self.rows_in == self.rows_trusted + self.rows_quarantined


@dataclass(slots=True)
class Progress:
    """How far a stage is: of ``total`` objects so many, with so many rows; executors add at a task's end."""

    stage: str
    total: int
    objects: Callable[[], int]
    rows: Callable[[], int]
    started: float = field(default_factory=time.monotonic)

    def document(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "total": self.total,
            "objects": self.objects(),
            "rows": self.rows(),
            "seconds": round(time.monotonic() - self.started, 1),
        }


@dataclass(frozen=True, slots=True)
class Journal:
    """``progress.json`` and ``report.json`` of one run, in the artifacts bucket."""

    store: ObjectStore
    run: str

    @classmethod
    def named(cls, store: ObjectStore, run: str | None) -> "Journal":
        return cls(store, run or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")

    @contextmanager
    def following(self, progress: Progress) -> Iterator[None]:
        """Write how far it is, every few seconds and when the block ends; a write that fails is none."""
        over = threading.Event()

        def write() -> None:
            document = progress.document()
            print(json.dumps(document), file=sys.stderr, flush=True)
            try:
                self._put("progress", document)
            except CoinlakeError as error:
                print(error, file=sys.stderr, flush=True)

        def follow() -> None:
            while not over.wait(_SECONDS):
                write()

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            write()

    def report(self, arguments: dict[str, Any], tallies: dict[str, Tally]) -> None:
        """The last word of a run."""
        stages = {
            name: {**asdict(tally), "faults": [fault._asdict() for fault in tally.faults]}
            for name, tally in tallies.items()
        }
        self._put("report", {"run": self.run, "arguments": arguments, "stages": stages})

    def key(self, name: str) -> str:
        return f"{FOLDER}{self.run}/{name}.json"

    def _put(self, name: str, document: dict[str, Any]) -> None:
        self.store.put(self.key(name), json.dumps(document, indent=1).encode())
