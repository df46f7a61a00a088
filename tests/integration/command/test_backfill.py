"""A plan at work: what `coinlake backfill` uploads, starts, follows, tries again and tells."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from coinlake.windows import Window
from ops.backfill import cost, execution, existing, results, runner, tables
from ops.backfill.plan import Plan
from ops.backfill.preparation import PricedPlan
from ops.stack import Stack

from .landing import NOW
from .states import machine

DAY = timedelta(days=1)
END = NOW.replace(hour=0, minute=0)
PLAN = Plan(tuple(Window("coinbase", "candles", asset, "USD", "1d", END, 300) for asset in ("BTC", "ETH")))


def counts(ended: list[results.Result]) -> Counter[str]:
    return Counter(result.outcome for result in ended)


def backfill(stack: Stack, plan: Plan = PLAN) -> list[results.Result]:
    return execution.run(stack, plan, 2, lambda: NOW, lambda _execution, _windows: None)


def test_each_window_has_a_result_and_the_plan_is_stored_under_its_hash(stack, s3):
    stack, states = machine(stack, s3)
    assert counts(backfill(stack)) == {"landed": 2}
    [started] = states.executions.values()
    assert (started["name"], started["concurrency"]) == (f"{PLAN.id}-20261121T073600", 2)
    body = stack.artifacts.get(f"backfills/{PLAN.id}/plan.json", 1 << 20).body
    assert [event["window"]["asset"] for event in json.loads(body)] == ["BTC", "ETH"]


def test_where_raw_holds_every_window_no_run_is_started(stack, s3):
    stack, states = machine(stack, s3)
    config = stack.config()
    plan = Plan(PLAN.windows[:1])
    priced = [
        PricedPlan(plan, cost.costs(plan, held, config, {}), 2)
        for held in (frozenset(plan.windows), frozenset())
    ]
    assert runner.execute(stack, priced[0]).outcomes == {"exists": 1}
    assert not states.executions
    assert runner.execute(stack, priced[1]).outcomes == {"landed": 1}
    assert len(states.executions) == 1


def test_only_failed_windows_are_run_again(stack, s3):
    stack, states = machine(stack, s3, ETH=1)
    assert counts(backfill(stack)) == {"landed": 2}
    assert len({e["name"].split("-")[0] for e in states.executions.values()}) == 2


def test_a_window_that_keeps_failing_is_reported_with_its_reason(stack, s3):
    stack, _ = machine(stack, s3, ETH=99)
    ended = backfill(stack)
    assert counts(ended) == {"landed": 1, "failed": 1}
    why = "SourceUnavailable: coinbase: HTTP 503"
    assert results.missing(ended) == [results.Missing("coinbase", "ETH", "failed", 1, why)]


def test_the_same_command_follows_the_run_that_is_at_work(stack, s3):
    stack, states = machine(stack, s3)
    states.status = "RUNNING"
    first = execution.begin(stack, PLAN, 2, NOW)
    again = execution.begin(stack, PLAN, 2, NOW + timedelta(minutes=1))
    assert (again.arn, first.resumed, again.resumed) == (first.arn, False, True)
    assert not execution.begin(stack, Plan(PLAN.windows[:1]), 2, NOW).resumed


def test_a_run_that_was_stopped_says_how_to_go_on(stack, s3):
    stack, states = machine(stack, s3)
    states.status = "ABORTED"
    with pytest.raises(execution.BackfillStopped, match="run aborted: .*give the same command again"):
        backfill(stack)


def test_a_stack_without_a_backfill_says_so(stack):
    with pytest.raises(execution.CoinlakeError, match="has no backfill yet; deploy it anew"):
        execution.begin(stack, PLAN, 2, NOW)


def test_windows_whose_keys_are_in_raw_cost_nothing(stack):
    config = stack.config()
    windows = tuple(Window("coinbase", "candles", "BTC", "USD", "1d", END - n * DAY, 300) for n in range(3))
    plan = Plan(windows)
    first = existing.raw_key(windows[0], config)
    neighbour = replace(first, slot=replace(first.slot, parts=("ETH-USD", "1d", "300")))
    for key in (first, first.revised(1), neighbour):
        stack.raw.put(str(key), b"")
    held = existing.windows_in_raw(stack.raw, plan, config)
    assert held == {windows[0]}
    [total] = cost.costs(plan, held, config, {"coinbase": {"credits_per_month": 2}})
    assert (total.windows, total.in_raw, total.calls, total.credits) == (3, 1, 2, 2)
    cost.check_credits([total])
    assert [*tables.existing_note([total])] == ["1 of 3 windows are already here and are not requested again"]
    assert not existing.windows_in_raw(stack.raw, Plan(windows, refresh=True), config)


@pytest.mark.parametrize(
    ("child", "outcome", "detail"),
    [
        ({"Status": "PENDING"}, "not started", "the run was stopped before it"),
        ({"Status": "FAILED", "Error": "States.Timeout"}, "failed", "States.Timeout: no reason given"),
        ({"Status": "SUCCEEDED", "Output": '{"outcome": "unlisted", "detail": "no"}'}, "unlisted", "no"),
    ],
)
def test_a_childs_status_and_output_become_its_outcome(child, outcome, detail):
    result = results.Result.of({"Input": '{"window": {"asset": "BTC"}}', **child})
    assert (result.outcome, result.detail) == (outcome, detail)
