"""The Lambda handler: a schedule's event, or a batch of the queue's, into the refined zone."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.batches import batch_answer
from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.intervals import parse_utc
from coinlake.observability import add_if_any, logger, metrics
from coinlake.stores import ObjectStore
from refine.draining import drain, heal
from refine.files import Files
from refine.healing import Healing
from refine.parts import Parts
from refine.publish import Publisher
from refine.queue import Queue
from refine.settings import Settings
from refine.timing import Timing
from refine.work import Message, Outcome, Refine

RESERVE_MILLISECONDS: Final = 60_000  # a round under way, and the dashboard's files


class Wired(NamedTuple):
    """The stage and what it is told; ``publisher`` is None without a dashboard."""

    refine: Refine
    queue: Queue
    settings: Settings
    publisher: Publisher | None


@cache
def wire() -> Wired:
    """The stage from its environment, once per container."""
    settings = Settings.from_env()
    lake = ObjectStore(client("s3"), settings.lake_bucket)
    queue = Queue(client("sqs"), settings.queue_url)
    refine = Refine(lake.bucket, Files(lake), Parts(lake))
    return Wired(refine, queue, settings, _publisher(lake, settings))


def _publisher(lake: ObjectStore, settings: Settings) -> Publisher | None:
    if not settings.site_bucket:
        return None
    config = LakeConfig.load(ObjectStore(lake.client, settings.config_bucket), settings.config_key)
    return Publisher.wired(
        lake, config, settings.site_bucket, settings.state_table, settings.dead_letter_queues
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Merge what a queue's batch, the queue itself or, once a day, the last day's files hold.

    Safe to run twice, and beside another run.
    """
    if "Records" in event:
        messages = [Message(record["messageId"], record["body"]) for record in event["Records"]]
        outcome = wire().refine.batch(messages)
        _finish(outcome)
        return batch_answer(messages, sorted(outcome.failed))

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS

    outcome = Outcome()
    try:
        _scheduled(event, has_time, outcome)
    finally:
        _finish(outcome)  # what was done before a fault is shown, and the fault with it
    return {"parts": len(outcome.touched), "failed": len(outcome.failed)}


def _scheduled(event: dict[str, Any], has_time: Callable[[], bool], outcome: Outcome) -> None:
    """``{"heal": …}`` once a day, else ``{"refine": <when the run was due>}``."""
    refine, queue, settings, _ = wire()
    if "heal" in event:
        found = Healing(refine.parts.store, datetime.now(UTC)).messages()
        heal(refine, found, has_time, outcome)
        return
    timing = Timing(parse_utc(event["refine"]), settings.batch_minutes, settings.derive_minutes)
    drain(refine, queue, timing, has_time, outcome)


def _finish(outcome: Outcome) -> None:
    """Publish what changed. A fault there costs the dashboard a run, and no message its success."""
    refine, _, _, publisher = wire()
    if publisher:
        try:
            publisher.publish(frozenset(outcome.touched), refine.parts)
        except Exception as error:
            logger.exception("not published", error=type(error).__name__)
            add_if_any("PublishFailed", 1)
    add_if_any("MessagesIgnored", outcome.ignored)
    logger.info("refined", parts=len(outcome.touched), failed=len(outcome.failed))
