"""The Lambda handler of refine; ``stage.py`` says what it does."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from refine import wiring
from refine.settings import Settings
from refine.stage import Refine


@cache
def stage() -> Refine:
    """The stage of this container, from its environment."""
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Merge what a batch of the queue, the queue itself or, once a day, the last day's files bring."""
    return stage().handle(event, context.get_remaining_time_in_millis)
