"""The coinlake command against a whole stack of moto's: what a user sees and what it does to AWS."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from rich.console import Console

from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.keys import RawKey, Slot
from coinlake.records import LedgerEntry
from coinlake.s3_events import created_objects
from ops import feeds, redrive, repairs, replay, state_bucket, status, status_view
from ops.aws import Aws
from ops.mailbox import Mail, Mailbox
from ops.ranges import Days
from ops.stack import Stack

NOW = datetime(2026, 11, 21, 7, 36, tzinfo=UTC)
FEEDS = {
    "quotes": {
        "source": "coingecko",
        "dataset": "quotes",
        "quote": "USD",
        "interval": "5m",
        "assets": [],
        "top": 250,
        "lookback": 24,
        "stale_after_minutes": 20,
        "enabled": True,
    },
    "candles": {
        "source": "coinbase",
        "dataset": "candles",
        "quote": "USD",
        "interval": "1h",
        "assets": ["BTC"],
        "top": None,
        "lookback": 24,
        "stale_after_minutes": 120,
        "enabled": True,
    },
}
CONFIG = {
    "assets": {"BTC": {"coingecko": "bitcoin", "coinbase": "BTC"}},
    "sources": {
        name: {
            "base_url": "https://example.test",
            "requests_per_minute": 5,
            "api_key_header": None,
            "api_key_parameter": None,
        }
        for name in ("coingecko", "coinbase")
    },
    "feeds": FEEDS,
    "price_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
}


@pytest.fixture
def stack(s3: Any) -> Stack:
    """What Terraform deploys, as far as the command looks at it."""
    aws = Aws(boto3.Session(), "us-east-1", {})
    s3.put_object(Bucket="artifacts", Key="config/1.json", Body=json.dumps(CONFIG).encode())
    sqs, sns = aws.client("sqs"), aws.client("sns")
    names = ("transform", "transform-dlq", "notify", "notify-dlq", "ingest-dlq")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
    outputs = {
        "environment": "test",
        "account_id": "123456789012",
        "raw_bucket": "raw",
        "lake_bucket": "lake",
        "artifacts_bucket": "artifacts",
        "config_key": "config/1.json",
        "functions": {stage: stage for stage in ("ingest", "transform", "notify", "reconcile")},
        "queues": {
            "ingest": {"url": None, "dlq_url": urls["ingest-dlq"]},
            "transform": {"url": urls["transform"], "dlq_url": urls["transform-dlq"]},
            "notify": {"url": urls["notify"], "dlq_url": urls["notify-dlq"]},
        },
        "topics": {name: sns.create_topic(Name=name)["TopicArn"] for name in ("alerts", "operations")},
        "state_table": "state",
        "database": "coinlake",
        "workgroup": "coinlake",
        "athena_output": "s3://artifacts/athena/",
        "schedules": {"group": "coinlake", "feeds": _schedules(aws), "watch": "watch", "reconcile": "daily"},
    }
    _state_table(aws)
    return Stack.of(outputs, aws)


def _schedules(aws: Aws) -> dict[str, str]:
    scheduler = aws.client("scheduler")
    scheduler.create_schedule_group(Name="coinlake")
    for feed in FEEDS:
        scheduler.create_schedule(
            GroupName="coinlake",
            Name=f"feed-{feed}",
            ScheduleExpression="cron(* * * * ? *)",
            Description="of a feed",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:lambda:us-east-1:1:function:ingest", "RoleArn": "arn:aws:iam::1:role/r"},
        )
    return {feed: f"feed-{feed}" for feed in FEEDS}


def _state_table(aws: Aws) -> None:
    aws.client("dynamodb").create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


def land(stack: Stack, at: datetime, *, quarantined: int = 0, committed: bool = True) -> RawKey:
    """A raw object of the quotes feed with its ledger entry: ten rows."""
    key = RawKey("coingecko", "quotes", Slot(at, ("quotes", "usd", "p1")))
    stack.raw.put(str(key), b"raw")
    if committed:
        reasons = {"nonfinite": quarantined} if quarantined else {}
        entry = LedgerEntry(str(key), "e", "v", 10, 10 - quarantined, quarantined, (), reasons)
        stack.lake.put(str(key.ledger()), entry.to_json())
    return key


def bodies(stack: Stack, url: str) -> list[str]:
    found = stack.aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", [])]


def shown(found: status.Status) -> str:
    console = Console(file=io.StringIO(), width=160, record=True)
    for table in status_view.view(found):
        console.print(table)
    return console.export_text()


# status


def test_status_tells_freshness_zones_reasons_and_what_waits(stack):
    land(stack, NOW - timedelta(minutes=1))
    land(stack, NOW - timedelta(days=1), quarantined=3)
    stack.lake.put("quarantine/coingecko/quotes/dt=2026-11-20/x.jsonl", b"{}\n")
    stack.aws.client("sqs").send_message(QueueUrl=stack.dead_letters("notify"), MessageBody="m")
    found = status.read(stack, NOW, days=2)
    assert {state.feed.name: state.stale(NOW) for state in found.feeds} == {"quotes": False, "candles": True}
    zones = {zone.name: (zone.objects, zone.rows) for zone in found.zones}
    assert zones == {"raw": (2, 20), "trusted": (0, 17), "quarantine": (1, 3), "ledger": (2, None)}
    assert found.reasons == {"nonfinite": 3}
    assert [(queue.stage, queue.waiting, queue.dead) for queue in found.queues] == [
        ("ingest", None, 0),
        ("notify", 0, 1),
        ("transform", 0, 0),
    ]
    text = shown(found)
    for words in ("stale (over 120 min)", "none in 2 days", "coinlake redrive notify", "No mail was sent"):
        assert words in text


def test_status_counts_rows_of_the_days_asked_for_only(stack):
    land(stack, NOW)
    land(stack, NOW - timedelta(days=1))
    assert status.read(stack, NOW, days=1).zones[1].rows == 10


def test_a_paused_feed_is_shown_as_paused_not_as_stale(stack):
    repairs.set_schedule(stack, "candles", enabled=False)
    found = status.read(stack, NOW, days=1)
    assert [state.paused for state in found.feeds] == [True, False]
    assert "paused" in shown(found)


def test_status_lists_the_last_mails_newest_first_and_who_has_not_confirmed(stack, monkeypatch):
    for minute in range(7):
        item = {
            "pk": "sent",
            "sk": f"2026-11-21T07:0{minute}:00+00:00#id",
            "subject": f"mail {minute}",
            "rule": "r",
        }
        typed = {name: {"S": value} for name, value in item.items()}
        stack.aws.client("dynamodb").put_item(TableName="state", Item=typed)
    pending = {"Protocol": "email", "Endpoint": "you@example.com", "SubscriptionArn": "PendingConfirmation"}
    pages = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": [pending]}])
    monkeypatch.setitem(stack.aws.clients, "sns", SimpleNamespace(get_paginator=lambda _: pages))
    found = status.read(stack, NOW, days=1)
    assert [alert["subject"] for alert in found.alerts] == [f"mail {minute}" for minute in (6, 5, 4, 3, 2)]
    assert found.unconfirmed == ["you@example.com"]
    assert "you@example.com has not confirmed" in shown(found)


def test_a_foreign_object_in_raw_does_not_stop_the_look(stack):
    stack.raw.put("raw/source=coingecko/dataset=quotes/dt=2026-11-21/notes.txt", b"x")
    land(stack, NOW)
    states = feeds.feed_states(stack, [NOW.date()])
    assert [state.newest for state in states if state.feed.name == "quotes"] == [NOW]


# replay


def choose(stack: Stack, **kinds: Any) -> list[Any]:
    days = Days.parse("2026-11-20", "2026-11-21", NOW.date())
    return replay.Selection(kinds.get("source"), kinds.get("dataset"), days).of(stack)


def test_replay_sends_the_chosen_days_as_s3_would(stack):
    wanted = [land(stack, NOW - timedelta(days=days)) for days in (0, 1)]
    land(stack, NOW - timedelta(days=2))
    counts: list[int] = []
    replay.send(stack, choose(stack), counts.append)
    refs = [ref for body in bodies(stack, stack.queue("transform")) for ref in created_objects(body)]
    assert sorted(ref.key for ref in refs) == sorted(str(key) for key in wanted)
    assert {(ref.bucket, ref.size) for ref in refs} == {("raw", 3)}
    assert refs[0].etag == stack.raw.head(refs[0].key).etag
    assert counts == [2]


def test_replay_takes_only_the_source_and_dataset_asked_for(stack):
    land(stack, NOW)
    assert choose(stack, source="coinbase") == []
    assert len(choose(stack, source="coingecko", dataset="quotes")) == 1
    with pytest.raises(BadConfiguration, match="there are coinbase/candles, coingecko/quotes"):
        choose(stack, source="coingeko")


def test_a_forced_replay_forgets_the_ledger_of_the_chosen_only(stack):
    land(stack, NOW)
    other = land(stack, NOW - timedelta(days=5))
    replay.forget(stack, choose(stack))
    assert list(stack.lake.keys("ledger/")) == [str(other.ledger())]


def test_waiting_ends_when_the_queue_is_empty_and_says_so_when_it_is_not(stack, monkeypatch):
    monkeypatch.setattr(replay, "POLL_SECONDS", 0)
    replay.wait(stack, 1, lambda _: None)
    land(stack, NOW)
    replay.send(stack, choose(stack), lambda _: None)
    with pytest.raises(replay.NotDrained, match="1 messages still wait"):
        replay.wait(stack, 0, lambda _: None)


# redrive


def test_a_redrive_moves_every_message_and_leaves_none(stack, monkeypatch):
    monkeypatch.setattr("ops.queues.WAIT_SECONDS", 0)
    sqs, dead = stack.aws.client("sqs"), stack.dead_letters("transform")
    for number in range(23):
        sqs.send_message(QueueUrl=dead, MessageBody=f"m{number}")
    assert redrive.redrive(stack, "transform", lambda _: None) == redrive.Redriven(sent=23)
    assert (status.depth(stack, stack.queue("transform")), status.depth(stack, dead)) == (23, 0)


def test_a_redrive_that_cannot_send_keeps_the_message(stack, monkeypatch):
    monkeypatch.setattr("ops.queues.WAIT_SECONDS", 0)
    dead = stack.dead_letters("notify")
    stack.aws.client("sqs").send_message(QueueUrl=dead, MessageBody="m")
    gone = replace(stack, queues={"notify": {"url": f"{stack.queue('notify')}-gone", "dlq_url": dead}})
    with pytest.raises(Exception, match="NonExistentQueue"):
        redrive.redrive(gone, "notify", lambda _: None)
    assert status.depth(stack, dead) == 1


def test_ingests_failed_invocations_are_invoked_again_and_foreign_messages_stay(stack, monkeypatch):
    monkeypatch.setattr("ops.queues.WAIT_SECONDS", 0)
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
        stack.aws.client("sqs").send_message(QueueUrl=stack.dead_letters("ingest"), MessageBody=body)
    assert redrive.redrive(stack, "ingest", lambda _: None) == redrive.Redriven(sent=1, kept=2)
    assert [(call["FunctionName"], call["InvocationType"]) for call in invoked] == [("ingest", "Event")]
    assert json.loads(invoked[0]["Payload"]) == event
    assert status.depth(stack, stack.dead_letters("ingest")) == 2


@pytest.mark.parametrize("stage", ["reconcile", "everything"])
def test_a_stage_without_a_dead_letter_queue_is_named(stack, stage):
    with pytest.raises(CoinlakeError, match=f"'{stage}' has no dead-letter queue"):
        redrive.redrive(stack, stage, lambda _: None)


# reconcile, pause, resume


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
    assert repairs.reconcile(stack, 7) == {"raw": 1}
    answering(stack, monkeypatch, b"{}")
    assert json.loads(calls[0]["Payload"]) == {"days": 7}
    calls = answering(stack, monkeypatch, b"{}")
    repairs.reconcile(stack, Days.parse("2026-11-01", "2026-11-02", NOW.date()))
    assert json.loads(calls[0]["Payload"]) == {"start": "2026-11-01", "end": "2026-11-02"}


def test_a_function_that_raised_is_told_in_its_own_words(stack, monkeypatch):
    answering(stack, monkeypatch, b'{"errorMessage": "no bucket"}', FunctionError="Unhandled")
    with pytest.raises(repairs.FunctionFailed, match="reconcile failed: no bucket"):
        repairs.reconcile(stack, 7)


def test_pause_and_resume_change_nothing_but_the_state(stack):
    scheduler = stack.aws.client("scheduler")

    def schedule() -> dict[str, Any]:
        found = scheduler.get_schedule(GroupName="coinlake", Name="feed-quotes")
        return {name: found[name] for name in ("State", "ScheduleExpression", "Description", "Target")}

    before = schedule()
    repairs.set_schedule(stack, "quotes", enabled=False)
    assert schedule() == {**before, "State": "DISABLED"}
    repairs.set_schedule(stack, "quotes", enabled=True)
    assert schedule() == before


def test_an_unknown_feed_is_answered_with_the_known_ones(stack):
    with pytest.raises(BadConfiguration, match="the feeds are candles, quotes"):
        repairs.set_schedule(stack, "quote", enabled=False)


# the state bucket and the demo's mailbox


def test_the_state_bucket_is_private_versioned_encrypted_and_safe_to_make_twice(aws):
    account = Aws(boto3.Session(), "us-east-1", {})
    with pytest.raises(state_bucket.NoStateBucket, match="coinlake bootstrap"):
        state_bucket.require(account)
    bucket = state_bucket.ensure(account)
    assert bucket == state_bucket.ensure(account) == "coinlake-state-123456789012-us-east-1"
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == state_bucket.tls_only(bucket)


def test_a_bucket_outside_the_first_region_names_its_region(aws):
    bucket = state_bucket.ensure(Aws(boto3.Session(), "eu-west-1", {}))
    where = boto3.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"]
    assert where == "eu-west-1"


def test_the_backend_is_encrypted_and_locked_by_a_file():
    assert state_bucket.backend("b", "eu-west-1", "dev") == {
        "bucket": "b",
        "key": "coinlake/dev.tfstate",
        "region": "eu-west-1",
        "encrypt": "true",
        "use_lockfile": "true",
    }


def test_the_mailbox_gets_what_a_subscriber_by_mail_gets_and_forgets_older_mails(stack, monkeypatch):
    monkeypatch.setattr("ops.queues.WAIT_SECONDS", 0)
    sns = stack.aws.client("sns")
    mailbox = Mailbox.open(stack)
    sns.publish(TopicArn=stack.topics["alerts"], Subject="BTC above", Message="75,000 USD")
    sent = [(mail.subject, mail.body) for mail in mailbox.take()]
    assert sent == [("BTC above", "75,000 USD")]
    assert isinstance(Mail.of_notification('{"Message": "m", "Timestamp": "t"}'), Mail)
    sns.publish(TopicArn=stack.topics["alerts"], Subject="old", Message="m")
    assert list(Mailbox.open(stack).take()) == []
