"""Empty a dead-letter queue back to where its messages came from; none is ever lost.

Each message is sent first and deleted then, so a fault in between leaves it twice, which the stages
take as any redelivery. (SQS's own StartMessageMoveTask does the same for queues, but knows nothing
of ingest's, whose messages are Lambda's records of failed invocations.)
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.repair import queues
from ops.stack import Stack

INGEST: Final = "ingest"
MOST_ROUNDS: Final = 10_000  # a hundred thousand messages
Report = Callable[[int], None]


class ForeignMessage(CoinlakeError):
    """A message in ingest's dead-letter queue that Lambda did not write."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many messages went back, and how many stayed since nothing understands them."""

    sent: int = 0
    kept: int = 0


def redrive(stack: Stack, stage: str, report: Report) -> Redriven:
    """Send every message of the stage's dead-letter queue back; ``report`` gets the running count."""
    sqs, dead = stack.aws.client("sqs"), stack.dead_letters(stage)
    resend = _invoke_again(stack) if stage == INGEST else _queue_again(stack, stage)
    done = Redriven()
    for _, batch in zip(range(MOST_ROUNDS), queues.receive(sqs, dead), strict=False):
        for message in batch:
            done = _one(sqs, dead, message, resend, done)
        report(done.sent)
    return done


def _one(
    sqs: Any, dead: str, message: dict[str, Any], resend: Callable[[str], None], done: Redriven
) -> Redriven:
    try:
        resend(message["Body"])
    except ForeignMessage:
        return replace(done, kept=done.kept + 1)
    queues.delete(sqs, dead, message)
    return replace(done, sent=done.sent + 1)


def _queue_again(stack: Stack, stage: str) -> Callable[[str], None]:
    sqs, queue = stack.aws.client("sqs"), stack.queue(stage)
    return lambda body: sqs.send_message(QueueUrl=queue, MessageBody=body)


def _invoke_again(stack: Stack) -> Callable[[str], None]:
    """Invoke ingest with what the failed invocation was given: the same slot, so nothing twice."""
    functions, name = stack.aws.client("lambda"), stack.functions[INGEST]

    def invoke(body: str) -> None:
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(request_payload(body)))

    return invoke


def request_payload(body: str) -> dict[str, Any]:
    """What a failed invocation was given.

    Source: Lambda Developer Guide, "Asynchronous invocation records".
    """
    try:
        payload = json.loads(body)["requestPayload"]
    except (ValueError, KeyError, TypeError):
        raise ForeignMessage("the message is no record of a failed invocation") from None
    if not isinstance(payload, dict):
        raise ForeignMessage("the record holds no event")
    return payload
