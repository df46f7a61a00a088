"""An alert: the mail to send, and the facts that decide whether it is still to be sent.

An alert counts in the time of its *event* (a price's, a quarantined object's, a watch's),
never in the time of its processing: then any order and repetition of deliveries ends in
the same mails.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, Self

# Lambda kills an invocation at its deadline; the hosts' clocks may differ by this much.
CLOCK_TOLERANCE: Final = timedelta(seconds=5)

# What is older is no news: replays and backfills write objects of any age.
NEWS_HORIZON: Final = timedelta(days=1)

LAPTOP: Final = "local"  # the environment that commands reach when none is named
MAX_SUBJECT_CHARACTERS: Final = 99  # SNS, Publish: "must be less than 100 characters long"


@dataclass(frozen=True, slots=True)
class Mail:
    """One ASCII line of at most 99 characters as the subject, and plain text."""

    subject: str
    body: str

    def addressed(self, environment: str) -> Self:
        """The mail of one environment among several: it says which, and how commands reach it."""
        if environment == LAPTOP:
            return self
        subject = self.subject.replace("[coinlake]", f"[coinlake {environment}]", 1)[:MAX_SUBJECT_CHARACTERS]
        note = f"Add --env {environment} to coinlake's commands: without it they reach the laptop's own lake."
        return replace(self, subject=subject, body=f"{self.body}\n{note}\n")


@dataclass(frozen=True, slots=True)
class Alert:
    """One mail to be sent at most once.

    ``topic`` is what the cooldown counts for, the partition key of its state: ``alert#<rule>#
    <source>#<base>#<quote>`` or ``notice#<kind>#<subject>``. ``id`` follows from the input,
    so that a redelivery carries the same one.
    ``value`` and ``condition`` are in words: what fired the rule, and what the rule says.
    """

    topic: str
    id: str
    kind: str
    at: datetime
    cooldown: timedelta
    mail: Mail
    value: str = ""
    condition: str = ""

    @property
    def newest_predecessor(self) -> datetime:
        """An alert of this topic at or before this time leaves room for this one.

        Never the alert's own time, even with a cooldown of zero: that is a redelivery.
        """
        return self.at - max(self.cooldown, timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation: when it began, and when Lambda has surely ended it."""

    now: datetime
    ends: datetime

    @classmethod
    def begin(cls, remaining_ms: int) -> Self:
        now = datetime.now(UTC)
        return cls(now, now + timedelta(milliseconds=remaining_ms) + CLOCK_TOLERANCE)


class Outbox(Protocol):
    """Takes alerts: notify mails them (``sending``), `coinlake alerts test` only lists them."""

    def send(self, alert: Alert, run: Run) -> bool:
        """Whether the alert was taken, not held back as a repetition."""


def alert_id(*facts: str) -> str:
    """The same 16 hex characters for the same facts."""
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]
