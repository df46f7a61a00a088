"""The limit that all invocations of ingest share, in DynamoDB."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import boto3
import pytest

from coinlake.errors import StoreUnavailable
from ingest.clock import Clock
from ingest.rate_limits import RateLimiter, TokenBucket
from tests.integration.ingest.deployment import create_state_table

START = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)


@dataclass
class SteppedTime:
    """A clock that only moves when somebody sleeps."""

    slept: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        return sum(self.slept)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds())

    def clock(self) -> Clock:
        return Clock(self.now, self.seconds, self.slept.append, jitter=lambda: 0.5)


@pytest.fixture
def table(aws):
    create_state_table()


@pytest.fixture
def bucket(table):
    return lambda per_minute, name="example": TokenBucket(boto3.client("dynamodb"), "state", name, per_minute)


@pytest.fixture
def stepped():
    return SteppedTime()


def sent_at(limiter, stepped, count, cost=1):
    times = []
    for _ in range(count):
        assert limiter.acquire(cost, 1e9, low_priority=False) is None
        times.append(stepped.seconds())
    return times


def test_requests_share_the_minute_evenly(bucket, stepped):
    assert sent_at(RateLimiter(bucket(5), stepped.clock()), stepped, 7) == [0, 12, 24, 36, 48, 60, 72]


def test_a_request_takes_as_much_of_the_minute_as_it_costs(bucket, stepped):
    assert sent_at(RateLimiter(bucket(6000), stepped.clock()), stepped, 3, cost=40) == pytest.approx(
        [0, 0.4, 0.8]
    )


@pytest.mark.parametrize("per_minute", [1, 7, 480])
def test_no_minute_holds_more_requests_than_allowed(bucket, stepped, per_minute):
    times = sent_at(RateLimiter(bucket(per_minute), stepped.clock()), stepped, min(per_minute + 3, 60))
    gap = 60 / per_minute
    assert all(later - first >= gap - 1e-6 for first, later in pairwise(times))


def test_idle_time_is_not_saved_up_for_a_burst(bucket, stepped):
    limiter = RateLimiter(bucket(5), stepped.clock())
    sent_at(limiter, stepped, 1)
    stepped.slept.append(600)
    assert sent_at(limiter, stepped, 2) == [600, 612]


def test_invocations_at_the_same_moment_get_different_slots(bucket):
    reservations = [bucket(60).reserve(1, START, 100) for _ in range(24)]
    assert all(one.granted for one in reservations)
    assert [one.wait_seconds for one in reservations] == list(range(24))


def test_sources_do_not_wait_for_each_other(bucket):
    assert bucket(1, "a").reserve(1, START, 0).granted
    assert bucket(1, "b").reserve(1, START, 0).granted


def test_a_slot_past_the_remaining_time_is_neither_waited_for_nor_reserved(bucket, stepped):
    limiter = RateLimiter(bucket(1), stepped.clock())
    assert limiter.acquire(1, 30, low_priority=False) is None
    assert limiter.acquire(1, 30, low_priority=False) == 60
    assert stepped.slept == []
    assert limiter.acquire(1, 61, low_priority=False) is None  # the refused one took no turn


def test_a_hold_applies_to_all_invocations_and_a_shorter_one_does_not_end_it(bucket, stepped):
    first, second = (RateLimiter(bucket(60), stepped.clock()) for _ in range(2))
    first.hold(120)
    first.hold(5)
    assert second.acquire(1, 100, low_priority=False) == 120
    assert sent_at(second, stepped, 2) == [120, 121]


def test_no_hold_lasts_longer_than_the_longest_ban(bucket, stepped):
    limiter = RateLimiter(bucket(60), stepped.clock())
    limiter.hold(1e300)
    assert limiter.acquire(1, 10, low_priority=False) == 3 * 86400


def test_a_backfill_queues_one_request_ahead_so_that_a_feed_need_not_wait_long(bucket, stepped):
    one = bucket(480)
    backfills = [one.reserve(1, START, 1.0) for _ in range(100)]
    assert sum(reservation.granted for reservation in backfills) == 9
    assert one.reserve(1, START, 50).wait_seconds == pytest.approx(1.125)
    assert stepped.slept == []


def test_a_backfill_that_finds_a_queue_retries_until_it_may_go(bucket, stepped):
    one = bucket(60)
    for _ in range(10):
        one.reserve(1, START, 100)
    assert RateLimiter(one, stepped.clock()).acquire(1, 60, low_priority=True) is None
    assert stepped.seconds() == pytest.approx(10)
    assert stepped.slept == [9.5, pytest.approx(0.5)]


def test_a_backfill_gives_up_if_the_limit_frees_too_late(bucket, stepped):
    limiter = RateLimiter(bucket(60), stepped.clock())
    limiter.hold(600)
    assert limiter.acquire(1, 60, low_priority=True) == 600
    assert stepped.slept == []


def test_without_its_table_every_request_is_refused(aws, stepped):
    bucket = TokenBucket(boto3.client("dynamodb"), "gone", "example", 60)
    with pytest.raises(StoreUnavailable, match="could not limit example in table gone: ResourceNotFound"):
        RateLimiter(bucket, stepped.clock()).acquire(1, 60, low_priority=False)


def wrong_clock(stepped, hours):
    return Clock(lambda: stepped.now() + timedelta(hours=hours), stepped.seconds, stepped.slept.append)


@pytest.mark.parametrize("hours", [0.5, 2, 24 * 365])
def test_a_request_while_the_clock_is_ahead_holds_nobody_else(bucket, stepped, hours):
    assert RateLimiter(bucket(60), wrong_clock(stepped, hours)).acquire(1, 60, low_priority=False) is None
    limiter = RateLimiter(bucket(60), stepped.clock())
    assert sent_at(limiter, stepped, 3) == [0, 1, 2]
    assert limiter.acquire(1, 60, low_priority=True) is None


def test_a_hold_of_a_clock_that_is_ahead_binds_nobody_else(bucket, stepped):
    RateLimiter(bucket(60), wrong_clock(stepped, 2)).hold(60)
    assert sent_at(RateLimiter(bucket(60), stepped.clock()), stepped, 2) == [0, 1]


def test_a_hold_binds_after_a_request_of_a_clock_that_is_ahead(bucket, stepped):
    RateLimiter(bucket(60), wrong_clock(stepped, 2)).acquire(1, 60, low_priority=False)
    limiter = RateLimiter(bucket(60), stepped.clock())
    limiter.hold(120)
    assert limiter.acquire(1, 100, low_priority=False) == 120


def test_requests_that_queue_behind_a_long_hold_are_credible(bucket, stepped):
    limiter = RateLimiter(bucket(1), stepped.clock())
    limiter.hold(2 * 86400)
    assert limiter.acquire(1, 60, low_priority=False) == 2 * 86400
    assert sent_at(limiter, stepped, 2) == [2 * 86400, 2 * 86400 + 60]


def test_a_clock_that_is_behind_lets_nobody_else_wait(bucket, stepped):
    RateLimiter(bucket(60), stepped.clock()).acquire(1, 60, low_priority=False)
    RateLimiter(bucket(60), wrong_clock(stepped, -2)).acquire(1, 60, low_priority=False)
    assert sent_at(RateLimiter(bucket(60), stepped.clock()), stepped, 2) == [0, 1]


@pytest.mark.parametrize("hours", [2, 24])
def test_a_hold_of_an_earlier_version_ends_a_quarter_of_an_hour_ahead(bucket, stepped, hours):
    """Such an item does not say that it was a hold; the source says so again if it still means it."""
    one = bucket(60)
    one.client.put_item(
        TableName="state",
        Item={
            "pk": {"S": "limit#example"},
            "sk": {"S": "bucket"},
            "free_at": {"N": str(int((START.timestamp() + hours * 3600) * 1000))},
        },
    )
    assert RateLimiter(one, stepped.clock()).acquire(1, 60, low_priority=False) is None
