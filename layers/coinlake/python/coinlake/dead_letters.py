"""The stages' dead-letter queues, as the functions look at them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.stores import error_code


@dataclass(frozen=True, slots=True)
class DeadLetterQueues:
    """``urls`` maps each stage to the queue of what it failed on for good."""

    client: Any
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
        """How many messages wait there, roughly, as SQS counts."""
        name = "ApproximateNumberOfMessages"
        try:
            answer = self.client.get_queue_attributes(QueueUrl=self.urls[stage], AttributeNames=[name])
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(
                f"could not read the depth of {self.urls[stage]}: {error_code(error)}"
            ) from error
        return int(answer["Attributes"][name])
