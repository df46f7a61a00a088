"""What `coinlake redrive` moves and what it leaves."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from coinlake.errors import CoinlakeError
from ops.repair import redrive


def test_a_redrive_moves_every_message_and_leaves_none(stack, monkeypatch):
    dead_letters = stack.dead_letters("transform")
    dead_letters.send(f"m{number}" for number in range(23))
    assert redrive.redrive(stack, "transform", lambda _: None) == redrive.RedriveResult(sent=23)
    assert (stack.queue("transform").depth(), dead_letters.depth(in_flight=True)) == (23, 0)


def test_a_redrive_that_cannot_send_keeps_the_message(stack, monkeypatch):
    dead_letters = stack.dead_letters("notify")
    dead_letters.send(["m"])
    urls = {"url": f"{stack.queue('notify').url}-gone", "dlq_url": dead_letters.url}
    gone = replace(stack, queues={"notify": urls})
    with pytest.raises(Exception, match="NonExistentQueue"):
        redrive.redrive(gone, "notify", lambda _: None)
    assert dead_letters.depth(in_flight=True) == 1


def test_ingests_failed_invocations_are_invoked_again_and_foreign_messages_stay(stack, monkeypatch):
    invoked: list[dict[str, Any]] = []
    monkeypatch.setitem(
        stack.aws.clients, "lambda", SimpleNamespace(invoke=lambda **call: invoked.append(call))
    )
    event = {"feed": "quotes", "scheduled_time": "2026-11-21T07:35:00Z"}
    for body in (
        json.dumps({"requestPayload": event, "responsePayload": None}),
        "hello",
        '{"requestPayload": 1}',
    ):
        stack.dead_letters("ingest").send([body])
    assert redrive.redrive(stack, "ingest", lambda _: None) == redrive.RedriveResult(sent=1, kept=2)
    assert [(call["FunctionName"], call["InvocationType"]) for call in invoked] == [("ingest", "Event")]
    assert json.loads(invoked[0]["Payload"]) == event
    assert stack.dead_letters("ingest").depth(in_flight=True) == 2


@pytest.mark.parametrize("stage", ["reconcile", "everything"])
def test_a_stage_without_a_dead_letter_queue_is_named(stack, stage):
    with pytest.raises(CoinlakeError, match=f"'{stage}' has no dead-letter queue"):
        redrive.redrive(stack, stage, lambda _: None)
