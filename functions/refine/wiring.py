"""Puts the stage together from its settings: the only place that makes clients."""

from datetime import UTC, datetime

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.queues import DeadLetterQueues, Queue
from coinlake.stores import ObjectStore
from refine.dashboard.health import HealthReader
from refine.dashboard.publisher import Publisher
from refine.partitions import RefinedZone, TrustedFiles
from refine.pipeline import Pipeline
from refine.settings import Settings
from refine.stage import Refine


def build(settings: Settings) -> Refine:
    """The stage of one container; without a dashboard it reads no configuration object."""
    s3, sqs = client("s3"), client("sqs")
    lake = ObjectStore(s3, settings.lake_bucket)
    publisher = None
    if settings.site_bucket:
        queues = DeadLetterQueues.from_json(sqs, settings.dead_letter_queues)
        publisher = Publisher(
            site=ObjectStore(s3, settings.site_bucket),
            health=HealthReader(client("dynamodb"), settings.state_table, queues, lake),
            config=LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key),
            clock=_now,
        )
    return Refine(
        lake=lake,
        queue=Queue(sqs, settings.queue_url),
        pipeline=Pipeline(lake.bucket, TrustedFiles(lake), RefinedZone(lake)),
        publisher=publisher,
        batch_minutes=settings.batch_minutes,
        derive_minutes=settings.derive_minutes,
        clock=_now,
    )


def _now() -> datetime:
    return datetime.now(UTC)
