"""The Lambda handler: a batch of S3 events in, the messages to try again out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.batches import batch_answer
from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from transform.settings import Settings
from transform.work import Tally, Transform


@cache
def wire() -> Transform:
    """The stage from its environment, once per container."""
    return Transform.wired(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Transform each raw object that the batch names. Safe to run twice."""
    transform, tally, failed = wire(), Tally(), []
    for record in event["Records"]:
        try:
            tally.add(transform.message(record["body"]))
        except Exception as error:
            logger.exception("message failed", message_id=record["messageId"], error=type(error).__name__)
            failed.append(record["messageId"])
    metrics.add_metric("RowsTrusted", MetricUnit.Count, tally.rows_trusted)
    add_if_any("RowsQuarantined", tally.rows_quarantined)
    add_if_any("MessagesIgnored", tally.ignored)
    return batch_answer(event["Records"], failed)
