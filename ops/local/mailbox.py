"""A mailbox on the alerts topic: what a subscriber by e-mail would get, readable by the demo.

It is made outside Terraform, since it is no part of the stack.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from coinlake.queues import Queue
from ops.stack import Stack

VISIBILITY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail; ``sent`` is ISO-8601 UTC."""

    subject: str
    body: str
    sent: str

    @classmethod
    def of_notification(cls, body: str) -> Self:
        """Read what SNS puts on a queue without raw delivery."""
        notification = json.loads(body)
        return cls(notification.get("Subject") or "", notification["Message"], notification["Timestamp"])


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An SQS queue subscribed to a topic."""

    queue: Queue

    @classmethod
    def open(cls, stack: Stack) -> Self:
        """Make the mailbox, or find it again, and delete the mails of earlier days."""
        sqs, topic = stack.aws.client("sqs"), stack.topics["alerts"]
        name = f"coinlake-{stack.environment}-demo-mailbox"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:{stack.aws.partition}:sqs:{stack.aws.region}:{stack.account_id}:{name}"
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(_policy(arn, topic))})
        stack.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        mailbox = cls(Queue(sqs, url))
        for _ in mailbox.take():
            pass
        return mailbox

    def take(self) -> Iterator[Mail]:
        """The mails that came since the last call."""
        for batch in self.queue.batches(VISIBILITY_SECONDS):
            for message in batch:
                yield Mail.of_notification(message.body)
                self.queue.delete([message])


def _policy(queue: str, topic: str) -> dict[str, Any]:
    statement = {
        "Sid": "TakeFromTheAlertsTopic",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
