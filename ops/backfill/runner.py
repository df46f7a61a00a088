"""A backfill as its user meets it: what it would fetch, the run, what came of it."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from ops import dates
from ops.backfill import cost, planner, results
from ops.backfill import execution as run
from ops.backfill import existing as here
from ops.backfill import tables as view
from ops.backfill.cost import Cost
from ops.backfill.plan import Plan
from ops.backfill.request import Asked
from ops.progress import console, errors
from ops.stack import Stack


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan with its price, of which ``concurrency`` windows are fetched at the same time."""

    plan: Plan
    costs: list[Cost]
    concurrency: int

    @property
    def large(self) -> bool:
        """Whether to ask before it starts."""
        return cost.large(self.costs, self.concurrency)

    @property
    def nothing_new(self) -> bool:
        """Whether raw holds every window already."""
        return all(cost.here == cost.windows for cost in self.costs)


def offered(stack: Stack, asked: Asked, now: datetime) -> Offer:
    """Plan and show it; ``BadConfiguration`` for one that is empty or that the month's credits forbid."""
    config = stack.config()
    plan = planner.plan(asked, config, now)
    costs = cost.costs(plan, here.in_raw(stack.raw, plan, config), config, stack.quota)
    offer = Offer(plan, costs, cost.concurrency(costs, int(stack.backfill.get("concurrency", 1))))
    console.print(view.plan_table(plan, costs, offer.concurrency))
    for note in (*plan.notes, *view.here_note(costs)):
        console.print(f"  {note}")
    cost.check(costs)
    return offer


def fetched(stack: Stack, offer: Offer) -> Counter[str]:
    """Run the plan and show what came of it; how many windows went how.

    ``BackfillStopped`` where some failed or the run was stopped.
    """
    if offer.nothing_new:
        console.print("There is nothing to fetch.")
        return Counter({results.EXISTS: len(offer.plan.pieces)})
    started = time.monotonic()
    try:
        found = run.rounds(
            stack, offer.plan, offer.concurrency, dates.now, lambda *work: _follow(stack, *work)
        )
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
