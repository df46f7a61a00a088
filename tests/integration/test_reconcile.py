"""reconcile against moto: what raw holds and the ledger does not is queued again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from coinlake.errors import StoreUnavailable
from coinlake.keys import RawKey, Slot
from coinlake.s3_events import ObjectRef, created_event, created_objects
from reconcile import handler as reconcile
from tests.integration.transform.conftest import CONFIG, ENVIRONMENT
from transform import handler as transform

NOW = datetime.now(UTC).replace(microsecond=0)


def raw_keys(count: int, source: str = "coinbase", days_ago: int = 0) -> list[RawKey]:
    start = NOW - timedelta(days=days_ago)
    return [RawKey(source, "candles", Slot(start, (f"A{n}-USD", "1h", "24"))) for n in range(count)]


@pytest.fixture
def queue(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    url = boto3.client("sqs").create_queue(QueueName="transform")["QueueUrl"]
    for name, value in {"RAW_BUCKET": "raw", "LAKE_BUCKET": "lake", "TRANSFORM_QUEUE_URL": url}.items():
        monkeypatch.setenv(name, value)
    reconcile.stage.cache_clear()
    return boto3.resource("sqs").Queue(url)


def land(s3: Any, keys: list[RawKey], committed: bool) -> None:
    for key in keys:
        s3.put_object(Bucket="raw", Key=str(key), Body=b"")
        if committed:
            s3.put_object(Bucket="lake", Key=str(key.ledger()), Body=b"{}")


def run(days: int, context: Any) -> dict[str, Any]:
    return reconcile.handler({"days": days, "in_flight_minutes": -1}, context)


def queued(queue: Any) -> set[str]:
    requeued: set[str] = set()
    while messages := queue.receive_messages(MaxNumberOfMessages=10):
        requeued |= {ref.key for message in messages for ref in created_objects(message.body).objects}
        for message in messages:
            message.delete()
    return requeued


def test_every_lost_event_of_every_source_is_queued_and_nothing_else(s3, queue, context):
    lost = raw_keys(65) + raw_keys(40, "kraken", days_ago=3)
    land(s3, lost, committed=False)
    land(s3, raw_keys(5, "gemini"), committed=True)
    answer = run(7, context)
    assert (answer["raw"], answer["ledger"], answer["requeued_count"]) == (110, 5, 105)
    assert queued(queue) == {str(key) for key in lost} >= set(answer["requeued"])
    assert len(answer["requeued"]) == 100


def test_an_object_that_was_deleted_unread_and_then_restored_is_queued(s3, queue, context, monkeypatch):
    """The report: transform had committed it as missing, so nothing ever looked at it again."""
    (key,) = raw_keys(1)
    land(s3, [key], committed=False)
    s3.delete_object(Bucket="raw", Key=str(key))
    event = created_event(ObjectRef("raw", str(key)))
    s3.put_object(Bucket="artifacts", Key="config/c.json", Body=json.dumps(CONFIG).encode())
    for name, value in (ENVIRONMENT | {"CONFIG_KEY": "config/c.json"}).items():
        monkeypatch.setenv(name, value)
    transform.stage.cache_clear()
    transform.handler({"Records": [{"messageId": "1", "body": event}]}, context)
    assert run(1, context)["requeued_count"] == 0
    land(s3, [key], committed=False)
    assert run(1, context)["requeued_count"] == 1 and queued(queue) == {str(key)}


def test_nothing_missing_queues_nothing(s3, queue, context):
    land(s3, raw_keys(3), committed=True)
    assert run(0, context)["requeued_count"] == 0
    assert not queued(queue)


def test_days_outside_the_range_are_left_alone(s3, queue, context):
    land(s3, raw_keys(2, days_ago=9), committed=False)
    assert run(7, context)["raw"] == 0


def test_an_object_whose_event_may_be_on_its_way_is_left_to_it(s3, queue, context):
    land(s3, raw_keys(2), committed=False)
    assert reconcile.handler({"days": 7}, context)["requeued_count"] == 0


def test_a_key_that_coinlake_did_not_write_is_not_its_to_reconcile(s3, queue, context):
    day = NOW.date()
    s3.put_object(Bucket="raw", Key=f"raw/source=coinbase/dataset=candles/dt={day}/notes.txt", Body=b"")
    assert run(0, context)["raw"] == 0


def test_a_queue_that_is_gone_raises_so_that_the_run_is_tried_again(s3, queue, context):
    land(s3, raw_keys(1), committed=False)
    queue.delete()
    with pytest.raises(StoreUnavailable, match="could not send"):
        run(0, context)


def test_the_metric_that_raises_the_alarm_counts_what_was_queued(s3, queue, context, capsys):
    land(s3, raw_keys(2), committed=False)
    run(0, context)
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line["ObjectsRequeued"] for line in emitted] == [[2.0]]
