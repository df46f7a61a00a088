"""Request what is due from a source and store the answers, as received, in the raw bucket."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from ingest import wiring
from ingest.settings import Settings
from ingest.stage import Ingest


@cache
def stage() -> Ingest:
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, str | None] | None:
    """Serve a feed's schedule, or return the outcome of one window of history; safe to run twice."""
    return stage().handle(event, context.get_remaining_time_in_millis() / 1000)
