"""The parts of the function, built once per process."""

from dataclasses import dataclass
from typing import Self

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.queues import DeadLetterQueues
from coinlake.stores import ObjectStore
from notify.digest import DailyDigest
from notify.mail import AlertsTopic
from notify.markets import MarketWatch
from notify.notifier import Notifier
from notify.prices import PriceWatch
from notify.quarantine import QuarantineWatch
from notify.sending import Sender
from notify.settings import Settings
from notify.state import State
from notify.watch import Watch


@dataclass(frozen=True, slots=True)
class Parts:
    """What the two kinds of invocation need."""

    notifier: Notifier
    watch: Watch

    @classmethod
    def of(cls, settings: Settings) -> Self:
        lake = ObjectStore(client("s3"), settings.lake_bucket)
        config = LakeConfig.load(ObjectStore(lake.client, settings.config_bucket), settings.config_key)
        state = State(client("dynamodb"), settings.state_table)
        sender = Sender(state, AlertsTopic(client("sns"), settings.alerts_topic_arn), config.environment)
        queues = DeadLetterQueues.from_json(client("sqs"), settings.dead_letter_queues)
        return cls(
            notifier=Notifier(
                bucket=settings.lake_bucket,
                prices=PriceWatch(lake, state, sender, config),
                quarantine=QuarantineWatch(lake, sender, config.notices),
                markets=MarketWatch(lake, sender, config),
            ),
            watch=Watch(state, queues, sender, config, DailyDigest(lake, sender, config)),
        )
