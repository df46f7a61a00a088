"""What the load test shows: tables on the terminal, or one JSON document."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from ops.progress import console
from tests.load_test.driver import LoadTest
from tests.load_test.figures import OTHERS, Phase
from tests.load_test.outcomes import Outcome
from tests.load_test.processes import EMULATOR, LANDING, MACHINE
from tests.load_test.proof import Proof

FIRST: Final = (MACHINE, EMULATOR, LANDING)
MAX_AGES: Final = 12


def show(test: LoadTest, proof: Proof, pace: float) -> None:
    """Every table, then what is wrong."""
    for table in (_phases(test.phases, pace), _ages(test.phases), _processes(test.phases)):
        console.print(table)
    console.print(_outcomes(test))
    counts = Table("at the end", "", title="Nothing lost, nothing doubled" if not proof.problems else None)
    for what, count in proof.counts.items():
        counts.add_row(what, f"{count:,}")
    console.print(counts)
    for problem in proof.problems:
        console.print(f"[red]✗ {escape(problem)}[/]")


def document(test: LoadTest, proof: Proof, pace: float) -> dict[str, Any]:
    return {
        "default_objects_per_second": pace,
        "cores": test.cores,
        "phases": [phase.document() for phase in test.phases],
        "functions": {stage: outcome.counts() for stage, outcome in test.outcomes().items()},
        "counts": proof.counts,
        "problems": proof.problems,
    }


def _phases(phases: Sequence[Phase], pace: float) -> Table:
    """A column for each phase; ``pace`` is the default feeds' objects a second."""
    table = Table("what", *(phase.name for phase in phases), title=f"The default feeds: {pace:.4f} objects/s")
    rows = {
        "objects": lambda phase: f"{len(phase.passages):,}",
        "landed/s": lambda phase: f"{phase.landed_per_second:.2f}",
        "done/s": lambda phase: f"{phase.done_per_second:.2f}",
        "done, times the default": lambda phase: f"{phase.done_per_second / pace:,.0f}×",
        "raw to ledger, p50": lambda phase: f"{phase.latency(0.5):.2f} s",
        "p95": lambda phase: f"{phase.latency(0.95):.2f} s",
        "max": lambda phase: f"{phase.latency(1):.2f} s",
        "dead letters": lambda phase: f"{phase.dead_letters:,}",
        "refine, to an empty queue": lambda phase: (
            f"{sum(phase.refine_seconds):.1f} s in {len(phase.refine_seconds)} runs"
        ),
        "full": Phase.saturated,
    }
    for name, cell in rows.items():
        table.add_row(name, *(cell(phase) for phase in phases))
    return table


def _ages(phases: Sequence[Phase]) -> Table:
    """The age of the oldest message at a dozen moments of each phase."""
    table = Table("age of the oldest message", *(str(number) for number in range(MAX_AGES + 1)))
    for phase in phases:
        every = phase.seconds / MAX_AGES
        ages = islice(phase.ages(every), MAX_AGES + 1) if every else ()
        table.add_row(f"{phase.name}, each {every:.1f} s", *(f"{age:.1f}" for _, age in ages))
    return table


def _processes(phases: Sequence[Phase]) -> Table:
    """Cores that were busy and peak memory, phase by phase."""
    table = Table("processes: cores busy, peak MB", *(phase.name for phase in phases))
    for name in _names(phases):
        table.add_row(name, *(_cell(phase, name) for phase in phases))
    table.add_row(OTHERS, *(f"{phase.others:.2f}" for phase in phases))
    return table


def _names(phases: Sequence[Phase]) -> Iterator[str]:
    seen = {name for phase in phases for name in phase.usage}
    yield from (name for name in FIRST if name in seen)
    yield from sorted(seen - set(FIRST))


def _cell(phase: Phase, name: str) -> str:
    if name not in phase.usage:
        return "–"
    peak = phase.usage[name].peak_mb
    return f"{phase.cores_of(name):.2f}" + (f", {peak:,.0f} MB" if peak else "")


def _outcomes(test: LoadTest) -> Table:
    found = test.outcomes()
    table = Table("function", *(name.replace("_", " ") for name in Outcome().counts()))
    for stage, outcome in found.items():
        table.add_row(stage, *(f"{count:,}" for count in outcome.counts().values()))
    return table
