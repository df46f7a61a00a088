"""The Lambda handler: a schedule's event, or a batch of the queue's, into the refined zone."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.batches import batch_answer
from coinlake.clients import client
from coinlake.intervals import parse_utc
from coinlake.observability import add_if_any, logger, metrics
from coinlake.stores import ObjectStore
from refine.draining import drain, heal
from refine.files import Files
from refine.healing import Healing
from refine.parts import Parts
from refine.queue import Queue
from refine.settings import Settings
from refine.timing import Timing
from refine.work import Message, Outcome, Refine

RESERVE_MILLISECONDS: Final = 60_000  # a round under way, and the dashboard's files


class Wired(NamedTuple):
    """The stage and what it is told."""

    refine: Refine
    queue: Queue
    settings: Settings


@cache
def wire() -> Wired:
    """The stage from its environment, once per container."""
    settings = Settings.from_env()
    lake = ObjectStore(client("s3"), settings.lake_bucket)
    queue = Queue(client("sqs"), settings.queue_url)
    return Wired(Refine(lake.bucket, Files(lake), Parts(lake)), queue, settings)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Merge what a queue's batch, the queue itself or, once a day, the last day's files hold.

    Safe to run twice, and beside another run.
    """
    if "Records" in event:
        messages = [Message(record["messageId"], record["body"]) for record in event["Records"]]
        outcome = wire().refine.batch(messages)
        _tell(outcome)
        return batch_answer(messages, sorted(outcome.failed))

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS

    outcome = _scheduled(event, has_time)
    _tell(outcome)
    return {"parts": len(outcome.touched), "failed": len(outcome.failed)}


def _scheduled(event: dict[str, Any], has_time: Callable[[], bool]) -> Outcome:
    """``{"heal": …}`` once a day, else ``{"refine": <when the run was due>}``."""
    refine, queue, settings = wire()
    if "heal" in event:
        found = Healing(refine.parts.store, datetime.now(UTC)).messages()
        return heal(refine, found, has_time)
    timing = Timing(parse_utc(event["refine"]), settings.batch_minutes, settings.derive_minutes)
    return drain(refine, queue, timing, has_time)


def _tell(outcome: Outcome) -> None:
    add_if_any("MessagesIgnored", outcome.ignored)
    logger.info("refined", parts=len(outcome.touched), failed=len(outcome.failed))
