"""Account for every candle bucket that should exist, and have ingest ask for what nobody did."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from audit import evidence, months, series, summary
from audit.auditing import Audit
from audit.refill import Refill, lambda_client
from audit.settings import Settings
from coinlake import clients
from coinlake.config import LakeConfig
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.stores import ObjectStore

RESERVE_MILLISECONDS: Final = 90_000  # an answer of ingest's, then judging and writing what is left


@cache
def wire() -> tuple[ObjectStore, LakeConfig, Any, str]:
    settings, s3 = Settings.from_env(), clients.client("s3")
    config = LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key)
    return ObjectStore(s3, settings.lake_bucket), config, lambda_client(), settings.ingest_function


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Audit the months of ``event``; ``"again": true`` also retries what ingest once refused."""
    lake, config, client, function = wire()
    now, found = datetime.now(UTC), Counter[str]()
    refill = Refill(client, function, lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS)
    asked = months.asked(event, now.date())
    for one in series.expected(config, evidence.windows(lake, asked[0].start.date())):
        audit = Audit(lake, refill, one, now, event.get("again") is True)
        for month in asked:
            found += summary.count(audit.month(month))
    if found["unexplained"]:
        metrics.add_metric("GapsUnexplained", MetricUnit.Count, found["unexplained"])
    logger.info("audited", buckets=found["buckets"], unexplained=found["unexplained"])
    return summary.answer(found)
