"""Empty a dead-letter queue back to where its messages came from; none is ever lost.

Each message is sent first and deleted then, so a fault in between leaves it twice, which the stages
take as any redelivery. (SQS's own StartMessageMoveTask does the same for queues, but knows nothing
of ingest's, whose messages are Lambda's records of failed invocations.)
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.stack import Stack

INGEST: Final = "ingest"
MAX_BATCHES: Final = 10_000  # a hundred thousand messages
VISIBILITY_SECONDS: Final = 60  # a message that is kept shows again after so long, to the next redrive
Report = Callable[[int], None]


class ForeignMessage(CoinlakeError):
    """A message in ingest's dead-letter queue that Lambda did not write."""


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """How many messages were sent back, and how many were kept because coinlake did not write them."""

    sent: int = 0
    kept: int = 0


def redrive(stack: Stack, stage: str, report: Report) -> RedriveResult:
    """Send every message of the stage's dead-letter queue back; ``report`` gets the running count."""
    dead_letters = stack.dead_letters(stage)
    resend = _invoke_again(stack) if stage == INGEST else _send_again(stack, stage)
    sent = kept = 0
    for _, batch in zip(range(MAX_BATCHES), dead_letters.batches(VISIBILITY_SECONDS), strict=False):
        for message in batch:
            try:
                resend(message.body)
            except ForeignMessage:
                kept += 1
                continue
            dead_letters.delete([message])
            sent += 1
        report(sent)
    return RedriveResult(sent, kept)


def _send_again(stack: Stack, stage: str) -> Callable[[str], object]:
    queue = stack.queue(stage)
    return lambda body: queue.send([body])


def _invoke_again(stack: Stack) -> Callable[[str], object]:
    """Invoke ingest with what the failed invocation was given: the same slot, so nothing twice."""
    functions, name = stack.aws.client("lambda"), stack.functions[INGEST]
    return lambda body: functions.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(request_payload(body))
    )


def request_payload(body: str) -> dict[str, Any]:
    """What a failed invocation was given; ``ForeignMessage`` for a body that is no record of one.

    Source: Lambda Developer Guide, "Asynchronous invocation records".
    """
    try:
        payload = json.loads(body)["requestPayload"]
    except (ValueError, KeyError, TypeError):
        raise ForeignMessage("the message is no record of a failed invocation") from None
    if not isinstance(payload, dict):
        raise ForeignMessage("the record holds no event")
    return payload
