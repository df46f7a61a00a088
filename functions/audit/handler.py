"""The Lambda handler of audit; ``stage.py`` says what it does."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from audit import wiring
from audit.settings import Settings
from audit.stage import Audit
from coinlake.observability import logger, metrics


@cache
def stage() -> Audit:
    """The stage of this container, from its environment."""
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Audit the months of ``event``; ``"again": true`` also retries what ingest once refused."""
    return stage().handle(event, context.get_remaining_time_in_millis)
