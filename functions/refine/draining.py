"""A scheduled run: take what the queue holds, round by round, until it is empty or time is short."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from coinlake.batches import BatchFailed
from coinlake.observability import logger
from refine.queue import Queue, done
from refine.timing import Timing
from refine.work import Message, Outcome, Refine

ROUND: Final = 500  # messages; of a round's files those of one part are in memory at a time
ROUND_BYTES: Final = 32 << 20  # of Parquet, ten times as much in memory; the part itself comes on top


def drain(refine: Refine, queue: Queue, timing: Timing, has_time: Callable[[], bool], total: Outcome) -> None:
    """Add to ``total`` what became of everything taken; a round's messages are deleted once its parts are
    written.

    ``BatchFailed`` where every message of a round failed: Lambda counts an error, and the messages
    come again as they would anyway.
    """
    while has_time() and (messages := queue.take(ROUND, ROUND_BYTES)):
        found = refine.batch(messages, timing.waits)
        total.add(found)
        queue.delete(done(messages, found.failed))
        refuse_if_all_failed(messages, found)
    if timing.is_due and timing.batch_minutes < timing.derive_minutes:
        derive_now(refine, timing, total)


def derive_now(refine: Refine, timing: Timing, total: Outcome) -> None:
    """What runs before this one left to it; its faults have no message that would come again."""
    found = Outcome()
    refine.derive({part: {"derived tables"} for part in timing.of_now()}, found)
    total.touched |= found.touched
    if found.failed:
        raise BatchFailed("a derived table failed; the log above says why, and the next due run tries again")


def heal(refine: Refine, messages: Iterable[Message], has_time: Callable[[], bool], total: Outcome) -> None:
    """The same for messages that no queue holds; that there was no time for all of them is told."""
    waiting = iter(messages)
    while round_ := list(islice(waiting, ROUND)):
        if not has_time():
            logger.warning("no time to heal the rest", first_key=round_[0].id)
            return
        found = refine.batch(round_)
        total.add(found)
        refuse_if_all_failed(round_, found)


def refuse_if_all_failed(messages: Sequence[Message], found: Outcome) -> None:
    if found.failed >= {message.id for message in messages}:
        raise BatchFailed(f"all {len(messages)} messages of a round failed; the log above says why")
