"""Puts the stage together. The only place here that makes clients."""

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.queues import DeadLetterQueues
from coinlake.stores import ObjectStore
from notify.digest import DailyDigest
from notify.markets import MarketAlerts
from notify.prices import PriceAlerts
from notify.quarantine import QuarantineNotices
from notify.sending import AlertsTopic, Sender
from notify.settings import Settings
from notify.stage import Notify
from notify.state import State
from notify.watch import Watch


def build(settings: Settings) -> Notify:
    """The stage with its clients and the lake's configuration; ``BadConfiguration`` where it is malformed."""
    lake = ObjectStore(client("s3"), settings.lake_bucket)
    config = LakeConfig.load(ObjectStore(lake.client, settings.config_bucket), settings.config_key)
    state = State(client("dynamodb"), settings.state_table)
    sender = Sender(state, AlertsTopic(client("sns"), settings.alerts_topic_arn), config.environment)
    dead_letters = DeadLetterQueues.from_json(client("sqs"), settings.dead_letter_queues)
    return Notify(
        bucket=settings.lake_bucket,
        prices=PriceAlerts(lake, state, sender, config),
        markets=MarketAlerts(lake, sender, config),
        quarantine=QuarantineNotices(lake, sender, config.notices),
        watch=Watch(state, dead_letters, sender, config, DailyDigest(lake, sender, config)),
    )
