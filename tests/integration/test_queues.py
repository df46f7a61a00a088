"""The one wrapper of SQS, against moto's."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from coinlake import queues
from coinlake.errors import StoreUnavailable
from coinlake.queues import DeadLetterQueues, Queue


@pytest.fixture
def queue(aws: None, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    sqs = boto3.client("sqs")
    return Queue(sqs, sqs.create_queue(QueueName="letters")["QueueUrl"])


def test_any_number_of_messages_is_sent_and_counted_batch_by_batch(queue: Queue):
    counts: list[int] = []
    assert queue.send((f"message {number}" for number in range(23)), counts.append) == 23
    assert counts == [10, 20, 23]
    assert queue.depth() == 23


def test_nothing_to_send_is_no_call():
    assert Queue(None, "https://nowhere").send([]) == 0


def test_batches_end_where_the_queue_is_empty_and_deleted_messages_are_gone(queue: Queue):
    queue.send(str(number) for number in range(12))
    received = [message for batch in queue.batches() for message in batch]
    assert sorted(int(message.body) for message in received) == list(range(12))
    assert queue.depth() == 0
    assert queue.depth(in_flight=True) == 12
    queue.delete(received)
    assert queue.depth(in_flight=True) == 0


def test_a_message_that_is_not_deleted_comes_again_when_its_time_is_over(queue: Queue):
    queue.send(["only"])
    [first] = queue.receive(visibility_seconds=0)
    [again] = queue.receive()
    assert (first.id, first.body) == (again.id, again.body)


@pytest.mark.parametrize(
    ("operation", "verb"), [("send_message_batch", "send to"), ("delete_message_batch", "delete from")]
)
def test_an_entry_that_sqs_refuses_is_an_error_although_the_call_succeeds(
    queue: Queue, operation: str, verb: str
):
    queue.send(["one"])
    messages = queue.receive()
    refused = {"Id": "0", "SenderFault": False, "Code": "InternalError"}
    with Stubber(queue.client) as stubber:
        stubber.add_response(operation, {"Successful": [], "Failed": [refused]})
        with pytest.raises(StoreUnavailable, match=f"could not {verb} .*InternalError for 1 of 1"):
            queue.send(["one"]) if operation == "send_message_batch" else queue.delete(messages)


def test_a_queue_that_cannot_be_reached_is_unavailable(queue: Queue, monkeypatch: pytest.MonkeyPatch):
    def unreachable(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    monkeypatch.setattr(queue.client, "receive_message", unreachable)
    with pytest.raises(StoreUnavailable, match="could not receive from .*EndpointConnectionError"):
        queue.receive()


def test_a_dead_letter_queue_is_counted_by_its_stage(queue: Queue):
    queue.send(["one", "two"])
    assert DeadLetterQueues(queue.client, {"transform": queue.url}).depth("transform") == 2
    with pytest.raises(StoreUnavailable, match="could not read the depth of .*-gone"):
        DeadLetterQueues(queue.client, {"ingest": f"{queue.url}-gone"}).depth("ingest")
