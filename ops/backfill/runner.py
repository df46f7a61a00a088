"""A backfill from start to end: the plan and its cost, the run, and its results."""

import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.markup import escape

from ops import dates
from ops.backfill import cost, execution, plan, results, tables
from ops.backfill.execution import Execution
from ops.backfill.preparation import PricedPlan
from ops.backfill.request import BackfillRequest
from ops.progress import console, stderr
from ops.stack import Stack


def show_plan(stack: Stack, request: BackfillRequest, now: datetime) -> PricedPlan:
    """Plan and show it; ``BadConfiguration`` for one that is empty or that the month's credits forbid."""
    config = stack.config()
    planned = plan.plan(request, config, now)
    max_concurrency = int(stack.backfill.get("concurrency", 1))
    priced = PricedPlan.of(planned, stack.raw, config, quota=stack.quota, max_concurrency=max_concurrency)
    console.print(tables.plan_table(planned, priced.costs, priced.concurrency))
    for note in (*planned.notes, *tables.existing_note(priced.costs)):
        console.print(f"  {escape(note)}")
    cost.check_credits(priced.costs)
    return priced


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a backfill: how many windows ended how, and what could not be had."""

    outcomes: Counter[str]
    missing: list[results.Missing]


def execute(stack: Stack, priced: PricedPlan) -> Ended:
    """Run the plan and show what came of it; ``BackfillStopped`` where the run was stopped."""
    if priced.is_in_raw:
        console.print("There is nothing to fetch.")
        return Ended(Counter({results.EXISTS: len(priced.plan.windows)}), [])
    started = time.monotonic()
    try:
        ended = execution.run(
            stack, priced.plan, priced.concurrency, dates.now, lambda *run: _follow(stack, *run)
        )
    except KeyboardInterrupt:
        stderr.print("The stack works on without you. The same command shows how far it is.")
        raise
    counts = Counter(result.outcome for result in ended)
    console.print(tables.summary_table(counts, time.monotonic() - started))
    missing = results.missing(ended)
    if missing:
        console.print(tables.missing_table(missing))
    return Ended(counts, missing)


def require_complete(ended: Ended) -> None:
    """Raise ``BackfillStopped`` where windows failed."""
    if failed := ended.outcomes[results.FAILED]:
        raise execution.BackfillStopped(
            f"{failed:,} windows failed; give the same command again: what has landed is not requested again"
        )


def document(priced: PricedPlan, ended: Ended) -> dict[str, Any]:
    """For ``--json``: the plan's price at each source, and what came of it."""
    first = priced.plan.windows[0]
    return {
        "dataset": first.dataset,
        "interval": first.interval,
        "start": min(window.start for window in priced.plan.windows),
        "end": max(window.end for window in priced.plan.windows),
        "notes": list(priced.plan.notes),
        "costs": [
            {**asdict(cost), "seconds": round(cost.seconds(priced.concurrency))} for cost in priced.costs
        ],
        "outcomes": dict(ended.outcomes),
        "missing": [asdict(kind) for kind in ended.missing],
    }


def _follow(stack: Stack, running: Execution, windows: int) -> None:
    if running.resumed:
        console.print("This backfill is at work already; following it.")
    with tables.bar("Fetching") as report:
        execution.follow(stack, running, windows, report)
