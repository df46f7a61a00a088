"""The pace of requests: a limit per minute, and no bursts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.pace import Pace


def sent_at(per_minute, count):
    """When ``count`` requests go out if each goes as soon as it may."""
    pace, now, times = Pace(per_minute), 0.0, []
    for _ in range(count):
        now += pace.wait_seconds(now)
        pace.sent(now)
        times.append(now)
    return times


def test_two_pages_of_a_keyless_feed_are_a_second_apart():
    assert sent_at(5, 2) == [0, 1]


def test_the_sixth_request_of_five_a_minute_waits_for_the_minute_to_end():
    assert sent_at(5, 6) == [0, 1, 2, 3, 4, 60]


def test_a_large_allowance_is_spread_evenly():
    assert sent_at(480, 5) == [0, 0.125, 0.25, 0.375, 0.5]


@given(st.integers(1, 600), st.integers(1, 300))
def test_no_minute_holds_more_requests_than_allowed(per_minute, count):
    times = sent_at(per_minute, count)
    for first, later in zip(times, times[per_minute:], strict=False):
        assert later - first >= 60 - 1e-6
    assert all(later > first for first, later in pairwise(times))


def test_after_a_rest_nothing_has_to_wait():
    pace = Pace(5)
    pace.sent(0)
    assert pace.wait_seconds(30) == 0
