"""What a phase of the load test comes to; times in, numbers out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.load_test.processes import EMULATOR, MACHINE, Usage

FULL: Final = 0.85  # of a core, or of all cores: from here on a queue grows
OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class Passage:
    """One raw object: when S3 had it, and when its ledger entry, which transform writes last."""

    landed: datetime
    committed: datetime

    @property
    def seconds(self) -> float:
        return (self.committed - self.landed).total_seconds()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all are at most; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Phase:
    """Some objects' way through transform, and what the processes used from the first to the last.

    ``offered_per_second`` is None where they landed as fast as S3 took them. ``usage`` was measured for
    ``usage_seconds``. ``dead_letters`` are those that came in it. ``refine_seconds`` are of each run until
    refine's queue was empty.
    """

    name: str
    offered_per_second: float | None
    passages: Sequence[Passage]
    usage: Mapping[str, Usage]
    usage_seconds: float
    dead_letters: int
    refine_seconds: Sequence[float]
    cores: int

    @property
    def landed_per_second(self) -> float:
        """Between the first and the last."""
        landed = [passage.landed for passage in self.passages]
        return _per_second(len(landed) - 1, _span(landed))

    @property
    def done_per_second(self) -> float:
        return _per_second(len(self.passages), self.seconds)

    @property
    def started(self) -> datetime:
        return min(passage.landed for passage in self.passages)

    @property
    def seconds(self) -> float:
        """From the first that landed to the last that was committed."""
        return _span([moment for passage in self.passages for moment in (passage.landed, passage.committed)])

    def latency(self, share: float) -> float:
        """Seconds from raw to ledger that ``share`` of the objects took at most."""
        return quantile([passage.seconds for passage in self.passages], share)

    def oldest(self, after_seconds: float) -> float:
        """Age in seconds of the oldest object that waited then; 0 where none did."""
        if not self.passages:
            return 0.0
        moment = self.started + timedelta(seconds=after_seconds)
        waiting = [
            passage.landed for passage in self.passages if passage.landed <= moment < passage.committed
        ]
        return (moment - min(waiting)).total_seconds() if waiting else 0.0

    def ages(self, every_seconds: float) -> Iterator[tuple[float, float]]:
        """Seconds since the start, and the age of the oldest, until the last is done."""
        for step in range(math.ceil(self.seconds / every_seconds) + 1):
            yield step * every_seconds, self.oldest(step * every_seconds)

    def cores_of(self, name: str) -> float:
        """How many cores the processes of a name kept busy."""
        return self.usage.get(name, Usage()).cpu_seconds / self.usage_seconds

    @property
    def others(self) -> float:
        """How many cores were busy with what is not the load test's."""
        own = sum(self.cores_of(name) for name in self.usage if name != MACHINE)
        return max(0.0, self.cores_of(MACHINE) - own)

    def saturated(self) -> str:
        """What had nothing left to give, or that nothing was full."""
        if self.cores_of(EMULATOR) >= FULL:
            return f"{EMULATOR}, one Python process, has one core at most"
        if self.cores_of(MACHINE) >= FULL * self.cores:
            shares = {name: self.cores_of(name) for name in self.usage if name != MACHINE}
            shares[OTHERS] = self.others
            return f"the machine's {self.cores} cores, most of all by {max(shares, key=shares.__getitem__)}"
        return "nothing"

    def document(self) -> dict[str, Any]:
        """The phase as JSON has it; ages every five seconds."""
        return {
            "phase": self.name,
            "objects": len(self.passages),
            "offered_per_second": self.offered_per_second,
            "landed_per_second": self.landed_per_second,
            "done_per_second": self.done_per_second,
            "seconds": self.seconds,
            "latency_seconds": {
                "p50": self.latency(0.5),
                "p95": self.latency(0.95),
                "max": self.latency(1),
            },
            "oldest_message_seconds": [list(age) for age in self.ages(5)],
            "cores_busy": {name: self.cores_of(name) for name in self.usage} | {OTHERS: self.others},
            "peak_mb": {name: usage.peak_mb for name, usage in self.usage.items() if usage.peak_mb},
            "dead_letters": self.dead_letters,
            "refine_seconds": list(self.refine_seconds),
            "saturated": self.saturated(),
        }


def _span(moments: Sequence[datetime]) -> float:
    return (max(moments) - min(moments)).total_seconds() if moments else 0.0


def _per_second(count: int, seconds: float) -> float:
    return count / seconds if seconds else float(max(count, 0))
