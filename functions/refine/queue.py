"""refine's queue, as a scheduled run empties it. The only file here that speaks to SQS."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadEvent, StoreUnavailable
from coinlake.s3_events import created_objects
from coinlake.stores import error_code
from refine.work import Message

_AT_ONCE: Final = 10  # what SQS gives and takes in one call
WAIT_SECONDS: Final = 1  # more than none, so that SQS asks all its servers before it says that there is none


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue at ``url``. Its faults are ``StoreUnavailable``: the next run goes on."""

    client: Any
    url: str

    def take(self, most: int, most_bytes: int) -> list[Message]:
        """Up to ``most`` messages about files of ``most_bytes``; fewer only where the queue holds no more.

        Both are passed by up to nine messages.
        """
        taken: list[Message] = []
        size = 0
        while len(taken) < most and size < most_bytes:
            answer = self._call("receive_message", MaxNumberOfMessages=_AT_ONCE, WaitTimeSeconds=WAIT_SECONDS)
            found = answer.get("Messages", [])
            taken += [Message(one["MessageId"], one["Body"], one["ReceiptHandle"]) for one in found]
            size += sum(_bytes_named(one["Body"]) for one in found)
            if not found:
                break
        return taken

    def delete(self, messages: Sequence[Message]) -> None:
        """Their work is done."""
        for start in range(0, len(messages), _AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": message.receipt}
                for number, message in enumerate(messages[start : start + _AT_ONCE])
            ]
            failed = self._call("delete_message_batch", Entries=entries).get("Failed", [])
            if failed:
                raise StoreUnavailable(f"SQS keeps messages of {self.url}: {failed[0].get('Code')}")

    def _call(self, operation: str, **told: Any) -> Any:
        try:
            return getattr(self.client, operation)(QueueUrl=self.url, **told)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not {operation} {self.url}: {error_code(error)}") from error


def _bytes_named(body: str) -> int:
    """The size of the files that a message names, as far as it tells."""
    try:
        return sum(ref.size or 0 for ref in created_objects(body))
    except BadEvent:
        return 0


def done(messages: Sequence[Message], failed: Collection[str]) -> list[Message]:
    """The messages without those that failed."""
    return [message for message in messages if message.id not in failed]
