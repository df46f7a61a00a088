"""Transform's queue, as reconcile fills it. The only file here that speaks to SQS."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.s3_events import ObjectRef, created_event

BATCH: Final = 10  # SQS takes at most ten messages a call


@dataclass(frozen=True, slots=True)
class TransformQueue:
    client: Any
    url: str

    def send(self, objects: Iterable[ObjectRef]) -> int:
        """Queue every object as S3 itself would; the number queued, or ``StoreUnavailable``."""
        return sum(self._send_batch(batch) for batch in _batches(objects))

    def _send_batch(self, batch: list[ObjectRef]) -> int:
        entries = [{"Id": str(n), "MessageBody": created_event(ref)} for n, ref in enumerate(batch)]
        try:
            failed = self.client.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed", [])
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not send to {self.url}: {type(error).__name__}") from error
        if failed:
            raise StoreUnavailable(f"{len(failed)} of {len(batch)} messages to {self.url} were not taken")
        return len(batch)


def _batches(objects: Iterable[ObjectRef]) -> Iterator[list[ObjectRef]]:
    remaining = iter(objects)
    while batch := list(islice(remaining, BATCH)):
        yield batch
