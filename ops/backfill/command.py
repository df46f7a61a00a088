"""A backfill as its user meets it: what it would fetch, the run, what came of it."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from ops import status
from ops.backfill import cost, here, planner, results, run, view
from ops.backfill.asked import Asked
from ops.backfill.cost import Cost
from ops.backfill.pieces import Plan
from ops.progress import console, errors
from ops.stack import Stack


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan with its price, at a stack that fetches ``concurrency`` windows at the same time."""

    plan: Plan
    costs: list[Cost]
    concurrency: int

    @property
    def large(self) -> bool:
        """Whether to ask before it starts."""
        return cost.large(self.costs, self.concurrency)


def offered(stack: Stack, asked: Asked, now: datetime) -> Offer:
    """Plan and show it; ``BadConfiguration`` for one that is empty or that the month's credits forbid."""
    config = stack.config()
    plan = planner.plan(asked, config, now)
    costs = cost.costs(plan, here.already(stack.raw, plan, config), config, stack.quota)
    offer = Offer(plan, costs, int(stack.backfill.get("concurrency", 1)))
    console.print(view.plan_table(plan, costs, offer.concurrency))
    for note in (*plan.notes, *view.here_note(costs)):
        console.print(f"  {note}")
    cost.check(costs)
    return offer


def fetched(stack: Stack, plan: Plan) -> Counter[str]:
    """Run the plan and show what came of it; how many windows went how.

    ``BackfillStopped`` where some failed or the run was stopped.
    """
    started = time.monotonic()
    try:
        found = run.rounds(stack, plan, status.now, lambda *work: _follow(stack, *work))
    except KeyboardInterrupt:
        errors.print("The stack works on without you. The same command shows how far it is.")
        raise
    counts = results.counted(found)
    console.print(view.summary_table(counts, time.monotonic() - started))
    if missing := results.missing(found):
        console.print(view.missing_table(missing))
    if counts[results.FAILED]:
        raise run.BackfillStopped(
            f"{counts[results.FAILED]:,} windows failed; give the same command again: "
            "what has landed is not asked for again"
        )
    return counts


def _follow(stack: Stack, execution: run.Execution, windows: int) -> None:
    if execution.resumed:
        console.print("This backfill is at work already; following it.")
    with view.bar("Fetching") as report:
        run.follow(stack, execution, windows, report)
