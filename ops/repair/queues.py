"""SQS as the repairs use it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from coinlake.errors import StoreUnavailable

BATCH: Final = 10  # SQS takes and gives at most ten messages a call
VISIBILITY_SECONDS: Final = 60
WAIT_SECONDS: Final = 2


def send(sqs: Any, url: str, bodies: Iterable[str]) -> Iterator[int]:
    """Send every body; yields after each batch how many went. A refused one is a ``StoreUnavailable``."""
    remaining, sent = iter(bodies), 0
    while batch := list(islice(remaining, BATCH)):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
        refused = sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        if refused:
            raise StoreUnavailable(
                f"{url} did not take {len(refused)} of {len(batch)} messages: {refused[0]['Code']}"
            )
        sent += len(batch)
        yield sent


def receive(sqs: Any, url: str) -> Iterator[Sequence[dict[str, Any]]]:
    """Batches of messages until none comes; the caller deletes what it is done with.

    A message not deleted is hidden for a minute and then shows again, to this loop's successor.
    """
    while True:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=VISIBILITY_SECONDS,
        )
        if not answer.get("Messages"):
            return
        yield answer["Messages"]


def delete(sqs: Any, url: str, message: dict[str, Any]) -> None:
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
