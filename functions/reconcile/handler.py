"""Find raw objects that no ledger entry commits, and give them to transform again."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import MetricUnit, logger, metrics
from coinlake.s3_events import ObjectRef
from coinlake.stores import ObjectStore
from reconcile.missing import Days, compare
from reconcile.queue import TransformQueue
from reconcile.settings import Settings

IN_FLIGHT_MINUTES: Final = 15  # a younger object's own event may still be on its way
SHOWN: Final = 100


@cache
def wire() -> tuple[ObjectStore, ObjectStore, TransformQueue]:
    settings, s3 = Settings.from_env(), boto3.client("s3")
    return (
        ObjectStore(s3, settings.raw_bucket),
        ObjectStore(s3, settings.lake_bucket),
        TransformQueue(boto3.client("sqs"), settings.transform_queue_url),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Requeue what the days of ``event`` miss; safe to run at any time, any number of times."""
    raw, lake, queue = wire()
    now = datetime.now(UTC)
    settled = now - timedelta(minutes=event.get("in_flight_minutes", IN_FLIGHT_MINUTES))
    found = compare(raw, lake, Days.of_event(event, now.date()), settled)
    requeued = queue.send(ObjectRef(raw.bucket, key) for key in found.missing)
    metrics.add_metric("ObjectsRequeued", MetricUnit.Count, requeued)
    logger.info("compared raw with ledger", raw=found.raw, ledger=found.ledger, requeued=requeued)
    return {
        "raw": found.raw,
        "ledger": found.ledger,
        "requeued_count": requeued,
        "requeued": found.missing[:SHOWN],
    }
