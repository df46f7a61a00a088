"""The Lambda handler: a batch of the lake's events, or one watch. See README.md."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from notify import wiring
from notify.alerts import Run
from notify.settings import Settings
from notify.stage import Notify


@cache
def stage() -> Notify:
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Mail what the event means; return the messages that must come again. Safe to run twice."""
    return stage().handle(event, Run.begin(context.get_remaining_time_in_millis()))
