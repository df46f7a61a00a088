"""How often a source is asked, by all invocations together. The only file that speaks to DynamoDB.

pk               sk      attributes
limit#<source>   bucket  free_at: when the next request may go, in milliseconds since 1970
                         held_at, credible_until: when a source asked to wait, and how far that and a queue
                         behind it may have moved free_at

A token bucket that holds one token: each request moves ``free_at`` on by its share of a minute,
so no minute holds more than ``requests_per_minute``, whichever invocations ask. Why every request
does, and what that costs: docs/decisions/0008-one-limit-for-all.md.

``free_at`` is of the clock that wrote it. No queue reaches further ahead than an invocation lives, so a time
beyond that which no hold explains was written by a wrong clock, and is overwritten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.intervals import EPOCH
from coinlake.items import deserialize, serialize
from coinlake.stores import error_code
from ingest.clock import Clock

MINUTE_MS: Final = 60_000
LOW_PRIORITY_SECONDS: Final = 1.0  # how far ahead a backfill queues, at most: feeds wait behind it
MAX_HOLD: Final = timedelta(days=3)  # Binance's longest ban; no header holds us longer
MAX_QUEUE_MS: Final = 15 * MINUTE_MS  # as long as an invocation may live, and wait
CLOCK_SKEW_MS: Final = 5 * MINUTE_MS
_MS: Final = timedelta(milliseconds=1)
# A free_at too far ahead for a queue, which no hold explains, or one of a clock that was ahead.
_INCREDIBLE: Final = (
    "free_at > :farthest AND (attribute_not_exists(held_at)"
    " OR free_at > credible_until OR held_at > :present)"
)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whether a request may go, and in how long; if not, in how long the queue is done."""

    granted: bool
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """One source's bucket. Every fault of AWS becomes a ``StoreUnavailable``."""

    client: Any = field(repr=False)
    table: str
    source: str
    per_minute: int

    def gap_ms(self, cost: int) -> int:
        """How much of a minute a request takes that costs ``cost`` of ``per_minute``."""
        return -(-MINUTE_MS * cost // self.per_minute)

    def reserve(self, cost: int, now: datetime, max_wait_seconds: float) -> Reservation:
        """At once, or behind the others if that is no more than ``max_wait_seconds`` away."""
        start, gap = _ms(now), self.gap_ms(cost)
        idle = f"attribute_not_exists(free_at) OR free_at <= :start OR ({_INCREDIBLE})"
        taken, _ = self._set("free_at = :next", idle, next=start + gap, start=start, **_credible(start, gap))
        if taken:
            return Reservation(True, 0.0)
        latest = start + int(max_wait_seconds * 1000)
        queued, free = self._set("free_at = free_at + :gap", "free_at <= :latest", gap=gap, latest=latest)
        return Reservation(queued, (free - gap * queued - start) / 1000)

    def hold(self, until: datetime, now: datetime) -> None:
        """Let nobody ask before ``until``."""
        earlier = f"attribute_not_exists(free_at) OR free_at < :until OR ({_INCREDIBLE})"
        self._set(
            "free_at = :until, held_at = :start, credible_until = :credible",
            earlier,
            until=_ms(until),
            start=_ms(now),
            credible=_ms(until) + MAX_QUEUE_MS,
            **_credible(_ms(now), self.gap_ms(1)),
        )

    def _set(self, change: str, condition: str, **values: int) -> tuple[bool, int]:
        """Whether the condition held, and ``free_at`` after the change, or as it stands without."""
        with self._translated():
            try:
                response = self.client.update_item(
                    TableName=self.table,
                    Key=serialize({"pk": f"limit#{self.source}", "sk": "bucket"}),
                    UpdateExpression=f"SET {change}",
                    ConditionExpression=condition,
                    ExpressionAttributeValues=serialize(
                        {f":{name}": value for name, value in values.items()}
                    ),
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self.client.exceptions.ConditionalCheckFailedException as refused:
                return False, int(deserialize(refused.response["Item"])["free_at"])
        return True, int(deserialize(response["Attributes"])["free_at"])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            raise StoreUnavailable(f"could not limit {self.source} in table {self.table}: {code}") from error


@dataclass(frozen=True, slots=True)
class RateLimiter:
    """Makes each request wait until the bucket of its source has room."""

    bucket: TokenBucket
    clock: Clock

    def acquire(self, cost: int, until: float, *, low_priority: bool) -> float | None:
        """None once the request may go; else, not waited for, the seconds until the bucket is free.

        ``until`` is a time of ``clock.seconds``. A request of ``low_priority`` queues a second or one
        request ahead and comes back later, so that feeds never find a long queue before them.
        """
        ahead = max(LOW_PRIORITY_SECONDS, self.bucket.gap_ms(cost) / 1000)
        while True:
            left = until - self.clock.seconds()
            wait_seconds = min(left, ahead) if low_priority else left
            reservation = self.bucket.reserve(cost, self.clock.now(), wait_seconds)
            if reservation.granted:
                self._sleep(reservation.wait_seconds)
                return None
            if reservation.wait_seconds >= left or not low_priority:
                return reservation.wait_seconds
            self._sleep(reservation.wait_seconds - ahead * (1 - self.clock.jitter()))

    def hold(self, seconds: float) -> None:
        """Let no invocation ask the source for so long; three days at most."""
        now = self.clock.now()
        self.bucket.hold(now + min(timedelta(seconds=min(seconds, 1e9)), MAX_HOLD), now)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.clock.sleep(seconds)


def _credible(start: int, gap: int) -> dict[str, int]:
    """The values of ``_INCREDIBLE``."""
    return {"farthest": start + MAX_QUEUE_MS + gap, "present": start + CLOCK_SKEW_MS}


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // _MS
