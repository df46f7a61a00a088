"""`coinlake reconcile`, `pause` and `resume`."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from coinlake.errors import BadConfiguration
from ops.dates import DateRange
from ops.repair.reconcile import reconcile
from ops.repair.schedules import set_schedule
from ops.stack import FunctionFailed, Stack

from ..landing import NOW


def answering(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, body: bytes, **answer: Any
) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def invoke(**call: Any) -> dict[str, Any]:
        calls.append(call)
        return {"Payload": io.BytesIO(body), **answer}

    monkeypatch.setitem(stack.aws.clients, "lambda", SimpleNamespace(invoke=invoke))
    return calls


def test_reconcile_asks_the_function_for_days_or_for_a_range(stack, monkeypatch):
    calls = answering(stack, monkeypatch, b'{"raw": 1}')
    assert reconcile(stack, 7) == {"raw": 1}
    answering(stack, monkeypatch, b"{}")
    assert json.loads(calls[0]["Payload"]) == {"days": 7}
    calls = answering(stack, monkeypatch, b"{}")
    reconcile(stack, DateRange.parse("2026-11-01", "2026-11-02", NOW.date()))
    assert json.loads(calls[0]["Payload"]) == {"start": "2026-11-01", "end": "2026-11-02"}


def test_the_error_of_a_function_is_shown(stack, monkeypatch):
    answering(stack, monkeypatch, b'{"errorMessage": "no bucket"}', FunctionError="Unhandled")
    with pytest.raises(FunctionFailed, match="reconcile failed: no bucket"):
        reconcile(stack, 7)


def test_pause_and_resume_change_nothing_but_the_state(stack):
    scheduler = stack.aws.client("scheduler")

    def schedule() -> dict[str, Any]:
        schedule = scheduler.get_schedule(GroupName="coinlake", Name="feed-quotes")
        return {name: schedule[name] for name in ("State", "ScheduleExpression", "Description", "Target")}

    before = schedule()
    set_schedule(stack, "quotes", enabled=False)
    assert schedule() == {**before, "State": "DISABLED"}
    set_schedule(stack, "quotes", enabled=True)
    assert schedule() == before


def test_an_unknown_feed_is_answered_with_the_known_ones(stack):
    with pytest.raises(BadConfiguration, match="the feeds are candles, quotes"):
        set_schedule(stack, "quote", enabled=False)
