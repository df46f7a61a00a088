"""SQS as the stages and the commands use it. The only file that speaks to SQS.

Every fault of AWS becomes a ``StoreUnavailable``: the message stays where it is, and a later try goes on.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.stores import error_code

BATCH_SIZE: Final = 10  # messages that SQS gives and takes in one call
WAIT_SECONDS: Final = 1  # long polling: SQS asks all its servers before it says that there is no message
_VISIBLE: Final = "ApproximateNumberOfMessages"
_IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class Message:
    """A received message; ``receipt`` is what deletes it."""

    id: str
    body: str
    receipt: str = field(repr=False)


def _no_report(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue at ``url``."""

    client: Any = field(repr=False)
    url: str

    def send(self, bodies: Iterable[str], report: Callable[[int], None] = _no_report) -> int:
        """Send every body, ten a call, and return how many; ``report`` gets the running count.

        The bodies are small (an S3 event has about 1 KB): ten of them never reach the limit of a call.
        """
        remaining, sent = iter(bodies), 0
        while batch := list(islice(remaining, BATCH_SIZE)):
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
            self._call_batch("send to", "send_message_batch", entries)
            sent += len(batch)
            report(sent)
        return sent

    def receive(self, visibility_seconds: int | None = None) -> list[Message]:
        """Up to ten messages, none where the queue is empty; the caller deletes what it is done with.

        A message that is not deleted is hidden for ``visibility_seconds`` (None: as the queue is set),
        then it comes again.
        """
        options = {} if visibility_seconds is None else {"VisibilityTimeout": visibility_seconds}
        response = self._call(
            "receive from",
            "receive_message",
            MaxNumberOfMessages=BATCH_SIZE,
            WaitTimeSeconds=WAIT_SECONDS,
            **options,
        )
        return [
            Message(message["MessageId"], message["Body"], message["ReceiptHandle"])
            for message in response.get("Messages", ())
        ]

    def batches(self, visibility_seconds: int | None = None) -> Iterator[list[Message]]:
        """What ``receive`` gives, until it gives nothing."""
        while messages := self.receive(visibility_seconds):
            yield messages

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete messages whose work is done."""
        for start in range(0, len(messages), BATCH_SIZE):
            batch = enumerate(messages[start : start + BATCH_SIZE])
            entries = [{"Id": str(number), "ReceiptHandle": message.receipt} for number, message in batch]
            self._call_batch("delete from", "delete_message_batch", entries)

    def purge(self) -> None:
        """Delete every message; SQS takes up to a minute for it."""
        self._call("purge", "purge_queue")

    def depth(self, *, in_flight: bool = False) -> int:
        """How many messages wait, as SQS counts, which is approximate; ``in_flight`` adds the hidden ones."""
        names = [_VISIBLE, _IN_FLIGHT] if in_flight else [_VISIBLE]
        response = self._call("read the depth of", "get_queue_attributes", AttributeNames=names)
        return sum(int(response["Attributes"][name]) for name in names)

    def _call_batch(self, verb: str, operation: str, entries: Sequence[Mapping[str, str]]) -> None:
        """Such a call succeeds although SQS refused some of its entries."""
        failed = self._call(verb, operation, Entries=entries).get("Failed")
        if failed:
            count = f"{len(failed)} of {len(entries)} messages"
            raise StoreUnavailable(f"could not {verb} {self.url}: {failed[0].get('Code')} for {count}")

    def _call(self, verb: str, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self.client, operation)(QueueUrl=self.url, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not {verb} {self.url}: {error_code(error)}") from error


@dataclass(frozen=True, slots=True)
class DeadLetterQueues:
    """``urls`` maps each stage to the queue of the messages that it gave up on."""

    client: Any = field(repr=False)
    urls: Mapping[str, str]

    @classmethod
    def from_json(cls, client: Any, text: str) -> Self:
        """Read the setting DEAD_LETTER_QUEUES; raise ``BadConfiguration`` if it is no JSON object."""
        try:
            return cls(client, {str(stage): str(url) for stage, url in json.loads(text).items()})
        except (ValueError, AttributeError):
            raise BadConfiguration(
                f"DEAD_LETTER_QUEUES is {text[:80]!r}, not a JSON object stage → queue URL; "
                "run terraform apply again"
            ) from None

    def depth(self, stage: str) -> int:
        """How many messages wait there, as SQS counts."""
        return Queue(self.client, self.urls[stage]).depth()
