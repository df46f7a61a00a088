"""`coinlake rebuild --on spark`, as a user sees it."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from ops import dates
from ops.dates import format_duration
from ops.progress import Step, console, step
from ops.rebuild.spark import Finished, SparkJob, forget_events, refine_paused
from ops.stack import Stack

STAGES: Final = {
    "trusted": ("trusted",),
    "refined": ("refined",),
    "both": ("trusted", "refined"),
    "snappy": ("snappy",),
}
_COUNTS: Final = (
    "objects",
    "done",
    "failed",
    "rows_in",
    "rows_trusted",
    "rows_quarantined",
    "written",
    "unchanged",
)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """``stage`` is one of ``STAGES``; ``arguments`` are those of the job."""

    stage: str
    arguments: Mapping[str, str]
    flex: bool


def rebuild_on_spark(stack: Stack, rebuild: Rebuild) -> list[Finished]:
    """Run the stages one after the other, the second only where the first succeeded; what became of each."""
    job, finished, started = SparkJob.of(stack), list[Finished](), dates.now()
    stages = STAGES[rebuild.stage]
    with refine_paused(stack) if "refined" in stages else nullcontext():
        for stage in stages:
            if stage == "refined" and finished:
                forgotten = forget_events(stack)
                console.print(f"{forgotten:,} events for refine are forgotten: it is all rebuilt now")
            with step(f"{stage} on Spark") as current:
                arguments = {**rebuild.arguments, "--stage": stage}
                run = job.run(arguments, _reporter(current), flex=rebuild.flex)
                current.conclude(run.state.lower())
            finished.append(run)
            if not run.succeeded:
                break
    if warning := late(dates.now() - started):
        console.print(warning)
    if rebuild.stage == "trusted":
        console.print("refine and notify have an event for each file that was written; see docs/runbook.md")
    return finished


def late(took: timedelta) -> str | None:
    """What to say of a rebuild that took longer than the daily heal looks back; None of any other."""
    from refine.schedule import HEALED  # noqa: PLC0415 - it brings PyArrow, which no other command should

    if took <= HEALED:
        return None
    horizon = f"the daily heal looks back {format_duration(HEALED)} only"
    return (
        f"this took {format_duration(took)}, and {horizon}; what came meanwhile waits in refine's queue, "
        "which forgets after four days: `coinlake status` shows it"
    )


def _reporter(current: Step) -> Callable[[Mapping[str, Any]], None]:
    return lambda progress: current.say(progress_text(progress))


def progress_text(progress: Mapping[str, Any]) -> str:
    """``1,200 of 5,000 objects, 3,400,000 rows, 210,000 rows/s, 12 min left``; at first the run's state."""
    if "total" not in progress:
        return str(progress.get("state", "starting"))
    done, total, rows, seconds = (progress[name] for name in ("objects", "total", "rows", "seconds"))
    text = f"{done:,} of {total:,} objects, {rows:,} rows"
    if not done or not seconds:
        return text
    left = timedelta(seconds=seconds / done * (total - done))
    return f"{text}, {rows / seconds:,.0f} rows/s, {format_duration(left)} left"


def report_table(finished: list[Finished]) -> Table:
    """A line for each stage."""
    table = Table("stage", *(name.replace("_", " ") for name in _COUNTS))
    for run in finished:
        for stage, counts in (run.report or {}).get("stages", {}).items():
            table.add_row(stage, *(f"{counts[name]:,}" for name in _COUNTS))
    return table


def faults(finished: list[Finished]) -> list[str]:
    """What failed, a line each; of a run without a report what it said itself."""
    lines = []
    for run in finished:
        stages = (run.report or {}).get("stages", {}).values()
        lines += [
            f"{escape(fault['key'])}: {escape(fault['error'])}"
            for counts in stages
            for fault in counts["faults"]
        ]
        if not run.succeeded and not run.report:
            lines.append(escape(f"{run.state}: {run.message or 'the log group of the job says why'}"))
    return lines
