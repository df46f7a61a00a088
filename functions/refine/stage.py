"""refine: what is new in trusted, merged into refined, derived from, and shown on the dashboard.

| event | what it does |
|---|---|
| ``{"refine": "<when the run was due>"}`` | empties the queue, round by round |
| ``{"Records": […]}`` | processes the batch that SQS brings |
| ``{"heal": …}``, once a day | merges the last day's trusted files once more |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from coinlake.batches import BatchFailed, batch_response
from coinlake.errors import BadEvent
from coinlake.intervals import parse_utc
from coinlake.observability import add_if_any, logger
from coinlake.queues import Message, Queue
from coinlake.s3_events import created_objects
from coinlake.stores import ObjectStore
from refine.dashboard.publisher import Publisher
from refine.pipeline import Outcome, Pipeline
from refine.schedule import Schedule, messages_to_heal

RESERVE_MILLISECONDS: Final = 60_000  # a round under way, and the dashboard's files
ROUND_MESSAGES: Final = 500  # of a round's files those of one partition are in memory at a time
ROUND_BYTES: Final = 32 << 20  # of Parquet, ten times as much in memory; the partition comes on top


@dataclass(frozen=True, slots=True)
class Refine:
    """The stage over one ``lake`` bucket; ``publisher`` is None where the dashboard is disabled.

    A scheduled run comes every ``batch_minutes``; tables derived from current data follow every
    ``derive_minutes``. Any run is safe to repeat, and beside another run.
    """

    lake: ObjectStore
    queue: Queue
    pipeline: Pipeline
    publisher: Publisher | None
    batch_minutes: int
    derive_minutes: int
    clock: Callable[[], datetime]

    def handle(self, event: dict[str, Any], remaining_milliseconds: Callable[[], int]) -> dict[str, Any]:
        """Do what the event asks for, as long as there is time; what is left comes again.

        Raises ``BatchFailed`` where every message of a round failed: Lambda counts an error, and the
        messages come again as they would anyway.
        """
        if "Records" in event:
            return self._batch(event["Records"])

        def has_time() -> bool:
            return remaining_milliseconds() > RESERVE_MILLISECONDS

        outcome = Outcome()
        try:
            if "heal" in event:
                self._heal(has_time, outcome)
            else:
                due = parse_utc(event["refine"])
                self._drain(Schedule(due, self.batch_minutes, self.derive_minutes), has_time, outcome)
        finally:
            self._finish(outcome)  # what was done before a fault is shown, and the fault with it
        return {"parts": len(outcome.touched), "failed": len(outcome.failed)}

    def _batch(self, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """All records as one round: a partition that many of them touch is read and written once."""
        messages = [Message(record["messageId"], record["body"], "") for record in records]
        outcome = self.pipeline.process(messages)
        self._finish(outcome)
        return batch_response(messages, sorted(outcome.failed))

    def _drain(self, schedule: Schedule, has_time: Callable[[], bool], outcome: Outcome) -> None:
        """Take what the queue holds; a round's messages are deleted once its partitions are written."""
        while has_time() and (messages := _receive_round(self.queue)):
            processed = self.pipeline.process(messages, schedule.is_deferred)
            outcome.add(processed)
            self.queue.delete([message for message in messages if message.id not in processed.failed])
            _raise_if_all_failed(messages, processed)
        if schedule.is_due and schedule.derives_seldom:
            self._derive_current(schedule, outcome)

    def _derive_current(self, schedule: Schedule, outcome: Outcome) -> None:
        """What earlier runs deferred; its faults have no message that would come again."""
        derived = Outcome()
        causes = {partition: {"derived tables"} for partition in schedule.current_partitions()}
        self.pipeline.derive(causes, derived)
        outcome.touched |= derived.touched
        if derived.failed:
            raise BatchFailed(
                "a derived table failed; the log above says why, and the next due run tries again"
            )

    def _heal(self, has_time: Callable[[], bool], outcome: Outcome) -> None:
        """Merge the last day's files once more; where there is no time for all of them, the log says so."""
        messages = messages_to_heal(self.lake, self.clock())
        while batch := list(islice(messages, ROUND_MESSAGES)):
            if not has_time():
                logger.warning("no time to heal the rest", first_key=batch[0].id)
                return
            processed = self.pipeline.process(batch)
            outcome.add(processed)
            _raise_if_all_failed(batch, processed)

    def _finish(self, outcome: Outcome) -> None:
        """Publish what changed. A fault there costs the dashboard a run, and no message its success."""
        if self.publisher:
            try:
                self.publisher.publish(frozenset(outcome.touched), self.pipeline.refined)
            except Exception as error:
                logger.exception("not published", error=type(error).__name__)
                add_if_any("PublishFailed", 1)
        add_if_any("MessagesIgnored", outcome.ignored)
        logger.info("refined", parts=len(outcome.touched), failed=len(outcome.failed))


def _receive_round(queue: Queue) -> list[Message]:
    """Messages of one round: fewer than its limits only where the queue holds no more.

    Both limits are passed by up to nine messages.
    """
    received: list[Message] = []
    size = 0
    while len(received) < ROUND_MESSAGES and size < ROUND_BYTES and (messages := queue.receive()):
        received += messages
        size += sum(_bytes_of_files(message) for message in messages)
    return received


def _bytes_of_files(message: Message) -> int:
    """The size of the files that a message names, as far as it tells."""
    try:
        return sum(ref.size or 0 for ref in created_objects(message.body).objects)
    except BadEvent:
        return 0


def _raise_if_all_failed(messages: Sequence[Message], outcome: Outcome) -> None:
    if outcome.failed >= {message.id for message in messages}:
        raise BatchFailed(f"all {len(messages)} messages of a round failed; the log above says why")
