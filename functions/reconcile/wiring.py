"""Puts the stage together from its settings: the only place that makes clients."""

from datetime import UTC, datetime

from coinlake.clients import client
from coinlake.queues import Queue
from coinlake.stores import ObjectStore
from reconcile.settings import Settings
from reconcile.stage import Reconcile


def build(settings: Settings) -> Reconcile:
    s3 = client("s3")
    return Reconcile(
        raw=ObjectStore(s3, settings.raw_bucket),
        lake=ObjectStore(s3, settings.lake_bucket),
        queue=Queue(client("sqs"), settings.transform_queue_url),
        clock=_now,
    )


def _now() -> datetime:
    return datetime.now(UTC)
