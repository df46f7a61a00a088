"""The Lambda handler: a batch of S3 events in, the messages to try again out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from transform import wiring
from transform.settings import Settings
from transform.stage import Transform


@cache
def stage() -> Transform:
    """The stage from its environment, once per container."""
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Transform each raw object that the batch names. Safe to run twice."""
    return stage().handle(event)
