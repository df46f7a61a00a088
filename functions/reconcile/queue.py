"""Transform's queue, as reconcile fills it. The only file here that speaks to SQS."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import error_code

SENDERS: Final = 8  # a day's outage is thousands of objects, and one call takes some ten milliseconds


@dataclass(frozen=True, slots=True)
class TransformQueue:
    client: Any
    url: str

    def send(self, objects: Iterable[ObjectRef]) -> int:
        """Queue every object as S3 itself would; the number queued, or ``StoreUnavailable``."""
        with ThreadPoolExecutor(SENDERS) as senders:
            return sum(1 for _ in senders.map(self._send, objects))

    def _send(self, ref: ObjectRef) -> None:
        try:
            self.client.send_message(QueueUrl=self.url, MessageBody=created_event(ref))
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not send to {self.url}: {error_code(error)}") from error
