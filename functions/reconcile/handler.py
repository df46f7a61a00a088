"""The Lambda handler of reconcile; ``stage.py`` says what it does."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from reconcile import wiring
from reconcile.settings import Settings
from reconcile.stage import Reconcile


@cache
def stage() -> Reconcile:
    """The stage of this container, from its environment."""
    return wiring.build(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Requeue the raw objects of the days of ``event`` that no ledger entry commits."""
    return stage().handle(event)
