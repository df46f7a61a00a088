"""The Lambda handler: one comparison of lake and warehouse, and what follows from it. See README.md."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from load import wiring
from load.settings import Settings
from load.stage import Load


@cache
def stage() -> Load:
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Bring the warehouse up to the lake, or compare them; safe to run twice and beside itself."""
    return stage().handle(event, context.get_remaining_time_in_millis() / 1000)
