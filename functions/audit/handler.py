"""Account for every candle bucket that should exist, and have ingest ask for what nobody did."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext

from audit import feeds, months, summary
from audit.auditing import Audit
from audit.refill import Refill, lambda_client
from audit.settings import Settings
from coinlake.config import LakeConfig
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.stores import ObjectStore

RESERVE_MILLISECONDS: Final = 90_000  # an answer of ingest's, then judging and writing what is left


@cache
def wire() -> tuple[ObjectStore, LakeConfig, Any, str]:
    settings, s3 = Settings.from_env(), boto3.client("s3")
    config = LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key)
    return ObjectStore(s3, settings.lake_bucket), config, lambda_client(), settings.ingest_function


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Audit the months of ``event``; ``"again": true`` also retries what ingest once refused."""
    lake, config, client, function = wire()
    now, found = datetime.now(UTC), Counter[str]()
    refill = Refill(client, function, lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS)
    for wanted in feeds.wanted(config):
        audit = Audit(lake, refill, wanted, now, event.get("again") is True)
        for month in months.asked(event, now.date()):
            found += summary.count(audit.month(month))
    if found["unexplained"]:
        metrics.add_metric("GapsUnexplained", MetricUnit.Count, found["unexplained"])
    logger.info("audited", buckets=found["buckets"], unexplained=found["unexplained"])
    return summary.answer(found)
