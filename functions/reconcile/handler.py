"""Find raw objects that no ledger entry commits, and give them to transform again."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.clients import client
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.s3_events import ObjectRef
from coinlake.stores import ObjectStore
from reconcile.missing import Days, Found, compare
from reconcile.queue import TransformQueue
from reconcile.settings import Settings

IN_FLIGHT_MINUTES: Final = 15  # a younger object's own event may still be on its way
SHOWN: Final = 100


@cache
def wire() -> tuple[ObjectStore, ObjectStore, TransformQueue]:
    settings, s3 = Settings.from_env(), client("s3")
    return (
        ObjectStore(s3, settings.raw_bucket),
        ObjectStore(s3, settings.lake_bucket),
        TransformQueue(client("sqs"), settings.transform_queue_url),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Requeue what the days of ``event`` miss; safe to run at any time, any number of times."""
    raw, lake, queue = wire()
    now = datetime.now(UTC)
    settled = now - timedelta(minutes=event.get("in_flight_minutes", IN_FLIGHT_MINUTES))
    total = Found()
    for found in compare(raw, lake, Days.of_event(event, now.date()), settled):
        queue.send(ObjectRef(raw.bucket, key) for key in found.missing)
        total.add(found)
    metrics.add_metric("ObjectsRequeued", MetricUnit.Count, len(total.missing))
    logger.info("compared raw with ledger", raw=total.raw, ledger=total.ledger, requeued=len(total.missing))
    return {
        "raw": total.raw,
        "ledger": total.ledger,
        "requeued_count": len(total.missing),
        "requeued": total.missing[:SHOWN],
    }
