"""A plan run by the state machine: started, or resumed, and followed to its end."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from coinlake.errors import CoinlakeError
from coinlake.stores import ObjectStore
from coinlake.windows import Window
from ops.backfill import results
from ops.backfill.plan import Plan
from ops.backfill.preparation import request_execution
from ops.backfill.results import Result
from ops.stack import Stack

POLL_SECONDS: Final = 1.0
MAX_ROUNDS: Final = 10
ENDED: Final = ("succeeded", "failed", "timedOut", "aborted")
Report = Callable[[int, int], None]  # windows done, all windows


class BackfillStopped(CoinlakeError):
    """The state machine ended without results."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A run of the state machine; ``resumed`` if it was at work already."""

    arn: str
    resumed: bool


def run(
    stack: Stack, plan: Plan, concurrency: int, now: Callable[[], datetime], follow: Callable[..., Any]
) -> list[Result]:
    """Run the plan, and its failed windows again as long as that brings some; every window's result.

    ``follow`` is called with each execution and its number of windows, and waits for its end.
    """
    done: list[Result] = []
    for _ in range(MAX_ROUNDS):
        execution = begin(stack, plan, concurrency, now())
        follow(execution, len(plan.windows))
        ended = list(outcomes(stack, execution.arn))
        failed = _failed(plan, ended)
        done += [result for result in ended if result.outcome != results.FAILED]
        if not failed or len(failed) == len(plan.windows):
            break
        plan = Plan(failed, plan.refresh)
    return done + [result for result in ended if result.outcome == results.FAILED]


def begin(stack: Stack, plan: Plan, concurrency: int, now: datetime) -> Execution:
    """Start the plan, or find the execution of the very same plan that is at work."""
    machine = _machine(stack)
    states = stack.aws.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    for running in (entry for page in pages for entry in page["executions"]):
        if running["name"].startswith(f"{plan.id}-"):
            return Execution(running["executionArn"], resumed=True)
    requested = request_execution(stack.artifacts, plan, concurrency, now)
    started = states.start_execution(stateMachineArn=machine, name=requested.name, input=requested.input)
    return Execution(started["executionArn"], resumed=False)


def follow(stack: Stack, execution: Execution, windows: int, report: Report) -> None:
    """Until the execution has ended; ``report`` gets the windows done and all."""
    states = stack.aws.client("stepfunctions")
    while states.describe_execution(executionArn=execution.arn)["status"] == "RUNNING":
        report(_done(states, execution.arn), windows)
        time.sleep(POLL_SECONDS)
    report(windows, windows)


def outcomes(stack: Stack, arn: str) -> Iterator[Result]:
    """Each window's result; ``BackfillStopped`` if the execution has not succeeded."""
    ended = stack.aws.client("stepfunctions").describe_execution(executionArn=arn)
    if ended["status"] != "SUCCEEDED":
        why = ended.get("cause") or ended.get("error") or "it was stopped"
        raise BackfillStopped(
            f"the backfill's run {ended['status'].lower()}: {why[:300]}; "
            "give the same command again: what has landed is not requested again"
        )
    written = json.loads(ended["output"])["ResultWriterDetails"]
    return results.read(ObjectStore(stack.aws.client("s3"), written["Bucket"]), written["Key"])


def _machine(stack: Stack) -> str:
    machine = stack.backfill.get("state_machine")
    if not machine:
        raise CoinlakeError(
            f"the stack {stack.environment!r} has no backfill yet; deploy it anew with this version"
        )
    return str(machine)


def _done(states: Any, arn: str) -> int:
    """Windows that the execution's Map has finished; none while the Map has not begun."""
    counts = [
        states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
        for run in states.list_map_runs(executionArn=arn)["mapRuns"]
    ]
    return sum(count[name] for count in counts for name in ENDED)


def _failed(plan: Plan, ended: Sequence[Result]) -> tuple[Window, ...]:
    failed = {_name(result.window) for result in ended if result.outcome == results.FAILED}
    return tuple(window for window in plan.windows if _name(window.to_event()["window"]) in failed)


def _name(window: Mapping[str, Any]) -> tuple[str, str, str]:
    return window["source"], window["asset"], str(window.get("period") or window.get("end"))
