"""A plan at work: what `coinlake backfill` uploads, starts, follows, tries again and tells."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.backfill import cost, results
from ops.backfill import execution as run
from ops.backfill import existing as here
from ops.backfill import runner as command
from ops.backfill import tables as view
from ops.backfill.plan import Piece, Plan
from ops.backfill.runner import Offer
from ops.stack import Stack

from .landing import NOW
from .states import machine

DAY = timedelta(days=1)
END = NOW.replace(hour=0, minute=0)
PLAN = Plan(tuple(Piece("coinbase", "candles", asset, "USD", "1d", END, 300) for asset in ("BTC", "ETH")))


def backfill(stack: Stack, plan: Plan = PLAN) -> list[results.Result]:
    return run.rounds(stack, plan, 2, lambda: NOW, lambda execution, windows: None)


def test_each_window_is_told_and_the_plan_lies_under_its_hash(stack, s3):
    stack, states = machine(stack, s3)
    assert results.counted(backfill(stack)) == {"landed": 2}
    [started] = states.executions.values()
    assert (started["name"], started["concurrency"]) == (f"{PLAN.id}-20261121T073600", 2)
    body = stack.artifacts.get(f"backfills/{PLAN.id}/plan.json", 1 << 20).body
    assert [event["window"]["asset"] for event in json.loads(body)] == ["BTC", "ETH"]


def test_where_raw_holds_every_window_no_run_is_started(stack, s3):
    stack, states = machine(stack, s3)
    config = stack.config()
    plan = Plan(PLAN.pieces[:1])
    offers = [
        Offer(plan, cost.costs(plan, held, config, {}), 2) for held in (frozenset(plan.pieces), frozenset())
    ]
    assert command.fetched(stack, offers[0]) == {"exists": 1}
    assert not states.executions
    assert command.fetched(stack, offers[1]) == {"landed": 1}
    assert len(states.executions) == 1


def test_what_failed_is_tried_again_and_only_that(stack, s3):
    stack, states = machine(stack, s3, ETH=1)
    assert results.counted(backfill(stack)) == {"landed": 2}
    assert len({e["name"].split("-")[0] for e in states.executions.values()}) == 2


def test_what_fails_for_good_is_told_with_its_reason(stack, s3):
    stack, _ = machine(stack, s3, ETH=99)
    found = backfill(stack)
    assert results.counted(found) == {"landed": 1, "failed": 1}
    why = "SourceUnavailable: coinbase: HTTP 503"
    assert results.missing(found) == [results.Missing("coinbase", "ETH", "failed", 1, why)]


def test_the_same_command_follows_the_run_that_is_at_work(stack, s3):
    stack, states = machine(stack, s3)
    states.status = "RUNNING"
    first = run.begin(stack, PLAN, 2, NOW)
    again = run.begin(stack, PLAN, 2, NOW + timedelta(minutes=1))
    assert (again.arn, first.resumed, again.resumed) == (first.arn, False, True)
    assert not run.begin(stack, Plan(PLAN.pieces[:1]), 2, NOW).resumed


def test_a_run_that_was_stopped_says_how_to_go_on(stack, s3):
    stack, states = machine(stack, s3)
    states.status = "ABORTED"
    with pytest.raises(run.BackfillStopped, match="run aborted: .*give the same command again"):
        backfill(stack)


def test_a_stack_without_a_backfill_says_so(stack):
    with pytest.raises(run.CoinlakeError, match="has no backfill yet; deploy it anew"):
        run.begin(stack, PLAN, 2, NOW)


def test_what_raw_holds_already_is_told_from_its_names_and_costs_nothing(stack):
    config = stack.config()
    pieces = tuple(Piece("coinbase", "candles", "BTC", "USD", "1d", END - n * DAY, 300) for n in range(3))
    plan = Plan(pieces)
    first = pieces[0].request(config).key
    neighbour = replace(first, slot=replace(first.slot, parts=("ETH-USD", "1d", "300")))
    for key in (first, first.revised(1), neighbour):
        stack.raw.put(str(key), b"")
    held = here.in_raw(stack.raw, plan, config)
    assert held == {pieces[0]}
    [found] = cost.costs(plan, held, config, {"coinbase": {"credits_per_month": 2}})
    assert (found.windows, found.here, found.calls, found.credits) == (3, 1, 2, 2)
    cost.check([found])
    assert [*view.here_note([found])] == ["1 of 3 windows are already here and are not asked for again"]
    assert not here.in_raw(stack.raw, Plan(pieces, refresh=True), config)


@pytest.mark.parametrize(
    ("child", "outcome", "detail"),
    [
        ({"Status": "PENDING"}, "not started", "the run was stopped before it"),
        ({"Status": "FAILED", "Error": "States.Timeout"}, "failed", "States.Timeout: no reason given"),
        ({"Status": "SUCCEEDED", "Output": '{"outcome": "unlisted", "detail": "no"}'}, "unlisted", "no"),
    ],
)
def test_a_child_of_any_kind_is_read(child, outcome, detail):
    found = results.Result.of({"Input": '{"window": {"asset": "BTC"}}', **child})
    assert (found.outcome, found.detail) == (outcome, detail)
