"""A backfill's plan, progress and results, as tables and a bar."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ops.backfill.cost import Cost
from ops.backfill.execution import Report
from ops.backfill.plan import Plan
from ops.backfill.results import FAILED, FETCHED, Missing
from ops.dates import format_duration
from ops.progress import console, step

MAX_MISSING_SHOWN: Final = 50


def plan_table(plan: Plan, costs: Sequence[Cost], concurrency: int) -> Table:
    """What is fetched from each source, and how much of its limits that takes."""
    first, last = min(window.start for window in plan.windows), max(window.end for window in plan.windows)
    newest = plan.windows[0]
    title = (
        f"Backfill of {newest.interval} {newest.dataset}, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
    )
    table = Table(title=title, title_justify="left", min_width=len(title))
    table.add_column("source")
    for name in ("assets", "windows", "calls", "of its limit", "credits", "about"):
        table.add_column(name, justify="right")
    for cost in costs:
        table.add_row(
            cost.source,
            f"{cost.assets:,}",
            f"{cost.windows:,}",
            f"{cost.calls:,}",
            f"{cost.weight:,} at {cost.requests_per_minute:,} a minute",
            _credits(cost),
            format_duration(timedelta(seconds=cost.seconds(concurrency))),
        )
    return table


def existing_note(costs: Sequence[Cost]) -> Iterator[str]:
    """How many windows need no call; nothing where all do."""
    in_raw, windows = sum(cost.in_raw for cost in costs), sum(cost.windows for cost in costs)
    if in_raw:
        yield f"{in_raw:,} of {windows:,} windows are already here and are not requested again"


def summary_table(counts: Counter[str], seconds: float) -> Table:
    """How many windows ended how."""
    table = Table(
        title=f"Backfill done in {format_duration(timedelta(seconds=seconds))}",
        title_justify="left",
        min_width=30,
    )
    table.add_column("outcome")
    table.add_column("windows", justify="right")
    for outcome, windows in counts.most_common():
        colour = "green" if outcome in FETCHED else "red" if outcome == FAILED else "yellow"
        table.add_row(f"[{colour}]{escape(outcome)}[/]", f"{windows:,}")
    return table


def missing_table(missing: Sequence[Missing]) -> Table:
    """What could not be fetched, and why."""
    more = len(missing) - MAX_MISSING_SHOWN
    table = Table(
        title="What could not be fetched",
        title_justify="left",
        caption=f"{more:,} more kinds; the results in the artifacts bucket have all" if more > 0 else None,
    )
    for name in ("source", "asset", "outcome", "windows", "why"):
        table.add_column(name, justify="right" if name == "windows" else "left")
    for kind in missing[:MAX_MISSING_SHOWN]:
        table.add_row(kind.source, escape(kind.asset), kind.outcome, f"{kind.windows:,}", escape(kind.detail))
    return table


@contextmanager
def bar(title: str) -> Iterator[Report]:
    """A bar with counts; where there is no terminal, a line now and then and one at the end."""
    if not console.is_terminal:
        with step(title) as current:
            yield lambda done, windows: current.say(f"{done:,} of {windows:,} windows")
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title)
        yield lambda done, windows: progress.update(task, completed=done, total=windows)


def _credits(cost: Cost) -> str:
    return "–" if cost.credits_left is None else f"{cost.credits:,} of {cost.credits_left:,} left"
