"""A plan with its price, and the execution that it asks for: all of a backfill that comes before its run.

It needs S3 and Terraform's outputs, and nothing of the laptop: Airflow prepares a backfill by it too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore
from ops.backfill import cost, existing
from ops.backfill.cost import Cost
from ops.backfill.plan import Plan


@dataclass(frozen=True, slots=True)
class PricedPlan:
    """A plan with its price, of which ``concurrency`` windows are fetched at the same time."""

    plan: Plan
    costs: list[Cost]
    concurrency: int

    @classmethod
    def of(
        cls,
        plan: Plan,
        raw: ObjectStore,
        config: LakeConfig,
        *,
        quota: Mapping[str, Mapping[str, Any]],
        max_concurrency: int,
    ) -> Self:
        """What ``plan`` costs beside what ``raw`` holds; ``quota`` is Terraform's output."""
        costs = cost.costs(plan, existing.windows_in_raw(raw, plan, config), config, quota)
        return cls(plan, costs, cost.concurrency(costs, max_concurrency))

    @property
    def needs_confirmation(self) -> bool:
        """Whether to ask before it starts."""
        return cost.needs_confirmation(self.costs, self.concurrency)

    @property
    def is_in_raw(self) -> bool:
        """Whether raw holds every window already."""
        return all(cost.in_raw == cost.windows for cost in self.costs)


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """The name and the input of an execution of the state machine (terraform/backfill.tf)."""

    name: str
    input: str


def request_execution(
    artifacts: ObjectStore, plan: Plan, concurrency: int, now: datetime
) -> ExecutionRequest:
    """Put the plan where the state machine reads it; what to start it with.

    Names of one plan begin alike, and one name is started once.
    """
    folder = f"backfills/{plan.id}"
    artifacts.put(f"{folder}/plan.json", plan.body)
    return ExecutionRequest(
        name=f"{plan.id}-{now:%Y%m%dT%H%M%S}",
        input=json.dumps(
            {
                "plan": {"bucket": artifacts.bucket, "key": f"{folder}/plan.json"},
                "results": {"bucket": artifacts.bucket, "prefix": f"{folder}/results"},
                "concurrency": concurrency,
            }
        ),
    )
