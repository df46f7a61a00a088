"""Duplicates, crashes, outages and foreign messages."""

import json
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace

import pytest

from coinlake.keys import Partition, RawKey, Slot
from coinlake.s3_events import ObjectRef, created_event
from notify import handler as notify_handler
from tests.integration.notify.conftest import Line, configuration, now, rule

# What one object that fires one rule costs, in order.
CALLS = ["UpdateItem", "GetObject", "UpdateItem", "Publish", "TransactWriteItems"]


class Killed(BaseException):
    """Lambda ends the process here: no ``except Exception`` may see it."""


def on_calls(action, moment: str = "before-call") -> None:
    """Have a fresh function call ``action`` with the name of each AWS call it makes.

    A before-call action may answer in AWS's stead; botocore takes (HTTP response, parsed body).
    """
    notify_handler.stage.cache_clear()
    prices = notify_handler.stage().prices
    for client in (prices.lake.client, prices.store.client, prices.outbox.topic.client):
        client.meta.events.register(f"{moment}.*.*", lambda model, **_: action(model.name))


def kill_at(call: int, moment: str = "before-call") -> None:
    calls = []

    def action(name):
        calls.append(name)
        if len(calls) - 1 == call:
            raise Killed

    on_calls(action, moment)


def refuse(operation: str) -> None:
    """AWS answers this operation with an internal error from now on."""
    answer = (
        SimpleNamespace(status_code=HTTPStatus.INTERNAL_SERVER_ERROR),
        {"Error": {"Code": "InternalError"}},
    )
    on_calls(lambda name: answer if name == operation else None)


def heal() -> None:
    """A fresh function, as after Lambda replaced the process."""
    notify_handler.stage.cache_clear()


def over_at_once(line: Line) -> Line:
    """The same line, whose invocations, leases included, are over as soon as they begin."""
    return replace(line, context=replace(line.context, remaining_ms=-60_000))


def test_an_object_that_fires_one_rule_costs_five_calls(line):
    calls = []
    on_calls(calls.append)
    line.announce(line.quotes({"price": "76000"}))
    assert calls == CALLS


def test_an_object_that_fires_nothing_costs_two_calls(line):
    calls = []
    on_calls(calls.append)
    line.announce(line.quotes({"price": "74000"}))
    assert calls == CALLS[:2]


def test_an_object_of_an_old_slot_is_not_even_read(line):
    calls = []
    on_calls(calls.append)
    line.announce(line.quotes({"price": "76000"}, due=now() - timedelta(days=2)))
    assert calls == ["UpdateItem"]


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("call", range(len(CALLS)))
def test_killed_at_any_call_only_a_kill_between_publish_and_mark_mails_twice(line, call, moment):
    key = line.quotes({"price": "76000"})
    kill_at(call, moment)
    with pytest.raises(Killed):
        over_at_once(line).announce(key)
    heal()
    for _ in range(3):
        assert line.announce(key) == []
    between_publish_and_mark = (call, moment) in {(3, "after-call"), (4, "before-call")}
    assert len(line.mails()) == (2 if between_publish_and_mark else 1)


def test_while_the_lease_of_a_killed_invocation_lives_the_message_comes_again(line):
    key = line.quotes({"price": "76000"})
    kill_at(CALLS.index("Publish"))
    with pytest.raises(Killed):
        line.announce(key)
    heal()
    assert line.announce(key) == ["m0"]
    assert line.mails() == []


def test_a_second_delivery_during_the_publish_comes_again_and_then_mails_nothing(line):
    key = line.quotes({"price": "76000"})
    second = []

    def deliver_again(name):
        if name == "Publish" and not second:
            second.append("delivered")
            second.extend(line.announce(key))

    on_calls(deliver_again)
    assert line.announce(key) == []
    assert second == ["delivered", "m0"]
    assert line.announce(key) == []
    assert len(line.mails()) == 1


def test_while_sns_is_down_only_its_message_goes_back_and_afterwards_it_mails_once(line):
    key, quiet = line.quotes({"price": "76000"}), line.quotes({"price": "1"}, page="p2")
    refuse("Publish")
    for _ in range(2):  # the lease was given back, so the second delivery tries again at once
        assert line.announce(quiet, key, quiet) == ["m1"]
    heal()
    assert line.announce(key) == line.announce(key) == []
    assert len(line.mails()) == 1


@pytest.mark.parametrize("operation", ["UpdateItem", "GetObject"])
def test_an_outage_before_the_publish_sends_the_message_back_unmailed(line, operation):
    key = line.quotes({"price": "76000"})
    refuse(operation)
    assert line.announce(key) == ["m0"]
    heal()
    assert line.announce(key) == []
    assert len(line.mails()) == 1


def test_an_outage_of_the_lease_table_after_sns_failed_does_not_hide_the_failure(line):
    key = line.quotes({"price": "76000"})
    refuse("Publish")
    updates = []

    def fail_third_update(name):  # the slot, the lease, its release
        updates.append(name) if name == "UpdateItem" else None
        if updates.count("UpdateItem") == 3:
            return SimpleNamespace(status_code=500), {"Error": {"Code": "InternalError"}}
        return None

    state = notify_handler.stage().prices.store
    state.client.meta.events.register("before-call.*.*", lambda model, **_: fail_third_update(model.name))
    assert line.announce(key) == ["m0"]


def test_one_rule_in_trouble_does_not_repeat_the_mail_of_another(line):
    document = configuration()
    document["alert_rules"] = {"first": rule(above=75000), "second": rule(above=75500)}
    line.configure(document)
    key = line.quotes({"price": "76000"})
    kill_at(5)
    with pytest.raises(Killed):
        over_at_once(line).announce(key)
    heal()
    line.announce(key)
    assert [mail["Subject"].split(" USD")[0] for mail in line.mails()] == [
        "[coinlake] BTC above 75,000",
        "[coinlake] BTC above 75,500",
    ]


def test_foreign_messages_are_done_with(line):
    foreign = [
        "not json",
        "{}",
        "[1]",
        json.dumps({"Event": "s3:TestEvent"}),
        created_event(ObjectRef("raw", line.quotes({"price": "76000"}))),
        created_event(ObjectRef("lake", "refined/quotes/part.parquet")),
        created_event(ObjectRef("lake", "quarantine/what.jsonl")),
        created_event(ObjectRef("lake", "trusted/x")).replace("trusted/x", "trusted/%ZZ"),
        created_event(ObjectRef("lake", "x")).replace("ObjectCreated:Put", "ObjectRemoved:Delete"),
    ]
    assert line.deliver(*foreign) == []
    assert line.mails() == []


@pytest.mark.parametrize("foreign", [None, {}, {"eventName": "ObjectRemoved:Delete"}])
def test_a_foreign_record_does_not_cost_the_good_one_of_its_message(line, foreign):
    good = json.loads(created_event(ObjectRef("lake", line.quotes({"price": "76000"}))))["Records"]
    assert line.deliver(json.dumps({"Records": [foreign, *good]})) == []
    assert len(line.mails()) == 1


def test_an_object_that_is_gone_or_no_parquet_or_of_another_table_is_done_with(line):
    gone = line.quotes({"price": "76000"})
    line.s3.delete_object(Bucket="lake", Key=gone)
    broken = line.quotes({"price": "76000"}, page="p2")
    line.s3.put_object(Bucket="lake", Key=broken, Body=b"PAR1 and no more")
    raw = RawKey("coingecko", "quotes", Slot(now(), ("top", "usd", "p3")))
    other = str(raw.trusted("assets", Partition.day(raw.slot.dt)))
    line.s3.put_object(Bucket="lake", Key=other, Body=b"whatever")
    assert line.announce(gone, broken, other) == []
    assert line.mails() == []


def test_one_poisoned_record_does_not_take_the_batch_with_it(line):
    good = created_event(ObjectRef("lake", line.quotes({"price": "76000"})))
    answer = notify_handler.handler(
        {"Records": [{"messageId": "bad"}, {"messageId": "good", "body": good}]}, line.context
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(line.mails()) == 1
