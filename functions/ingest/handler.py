"""Ask a source what is wanted and keep the answers, as received, in the raw bucket."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import logger, metrics
from ingest import feeds, windows
from ingest.clock import Clock

MAX_RESERVE_SECONDS: Final = 3.0  # of the invocation, for the last write
clock: Final = Clock()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, str | None] | None:
    """Serve a feed's schedule, or tell the outcome of one window of history; safe to run twice."""
    left_seconds = context.get_remaining_time_in_millis() / 1000
    expires = clock.seconds() + left_seconds - min(MAX_RESERVE_SECONDS, left_seconds / 5)
    if isinstance(event, dict) and "window" in event:
        return windows.answer(event["window"], clock, expires)
    feeds.answer(event, clock, expires)
    return None
