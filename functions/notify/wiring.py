"""The parts of the function, built once per process."""

from dataclasses import dataclass
from typing import Any, Final, Self

import boto3
from botocore.config import Config

from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore
from notify.mail import AlertsTopic
from notify.notifier import Notifier
from notify.prices import PriceWatch
from notify.quarantine import QuarantineWatch
from notify.queues import DeadLetterQueues
from notify.sending import Sender
from notify.settings import Settings
from notify.state import State
from notify.watch import Watch

# A call that hangs must fail within the invocation, so that its lease is given back.
_AWS: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


@dataclass(frozen=True, slots=True)
class Parts:
    """What the two kinds of invocation need."""

    notifier: Notifier
    watch: Watch

    @classmethod
    def of(cls, settings: Settings) -> Self:
        lake = ObjectStore(_client("s3"), settings.lake_bucket)
        state = State(_client("dynamodb"), settings.state_table)
        sender = Sender(state, AlertsTopic(_client("sns"), settings.alerts_topic_arn))
        queues = DeadLetterQueues.from_json(_client("sqs"), settings.dead_letter_queues)
        config = LakeConfig.load(ObjectStore(lake.client, settings.config_bucket), settings.config_key)
        return cls(
            notifier=Notifier(
                bucket=settings.lake_bucket,
                prices=PriceWatch(lake, state, sender, config),
                quarantine=QuarantineWatch(lake, sender, config.notices),
            ),
            watch=Watch(state, queues, sender, config),
        )


def _client(service: str) -> Any:
    return boto3.client(service, config=_AWS)
