"""The function: batches of lake events, or one watch. See README.md."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.batches import batch_answer
from coinlake.observability import logger, metrics
from notify.alerts import Run
from notify.settings import Settings
from notify.wiring import Parts


@cache
def wire() -> Parts:
    return Parts.of(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Mail what the event means; answer with the messages that must come again. Safe to run twice."""
    parts, run = wire(), Run.begin(context.get_remaining_time_in_millis())
    if "watch" in event:
        parts.watch.check(event["watch"], run)
    failures: list[str] = []
    for record in event.get("Records", ()):
        try:
            parts.notifier.handle(record["body"], run)
        except Exception:  # whatever it was, the rest of the batch must not share its fate
            logger.exception("message goes back to the queue", message_id=record["messageId"])
            failures.append(record["messageId"])
    return batch_answer(event.get("Records", ()), failures)
