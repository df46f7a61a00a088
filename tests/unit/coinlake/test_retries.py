"""When something is tried again: pure rules."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import retries
from coinlake.http import retry_after_seconds
from coinlake.retries import Backoff, is_retryable

NOW = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
jitters = st.floats(0, 1, exclude_max=True)
policies = st.sampled_from(
    [
        retries.SOURCE_REQUEST,
        retries.REFINED_WRITE,
        retries.UPLOAD,
        retries.RECONNECT,
        retries.TRADE_REFILL,
    ]
)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(408, True), (429, True), (500, True), (503, True), (599, True)]
    + [(status, False) for status in (200, 301, 400, 401, 403, 404, 418, 422, 451)],
)
def test_only_408_429_and_server_errors_are_retryable(status, expected):
    assert is_retryable(status) is expected


@given(policies, st.integers(1, 10**6), jitters)
def test_a_pause_lies_between_its_certain_share_and_the_maximum(policy, failures, jitter):
    longest = min(policy.max_seconds, policy.first_seconds * 2.0 ** min(failures - 1, 100))
    assert policy.min_share * longest <= policy.seconds(failures, jitter) <= longest <= policy.max_seconds


@given(policies, st.integers(1, 1000), jitters)
def test_pauses_never_shrink_with_more_failures(policy, failures, jitter):
    assert policy.seconds(failures, jitter) <= policy.seconds(failures + 1, jitter)


def test_pauses_double_up_to_the_maximum():
    backoff = Backoff(first_seconds=0.5, max_seconds=3.0, min_share=1.0)
    assert [backoff.seconds(failures) for failures in range(6)] == [0, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_jitter_is_drawn_anew_for_each_pause_unless_it_is_given():
    drawn = {retries.UPLOAD.seconds(3) for _ in range(50)}
    assert len(drawn) > 1
    assert all(0 <= seconds < 4 for seconds in drawn)


def test_a_policy_is_exhausted_after_its_last_attempt_or_never():
    assert [Backoff(1, 1, attempts=3).is_exhausted(failures) for failures in (0, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]
    assert not Backoff(1, 1).is_exhausted(10**9)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 5000, 999_999_999),
        ("Thu, 21 Nov 2024 07:36:00 GMT", 60),
        ("Thu, 21 Nov 2024 07:36:00 -0000", 60),
        ("Thu, 21 Nov 2024 08:36:00 +0100", 60),
        ("Thu, 21 Nov 2024 07:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("1e9", None),
        ("²", None),
        ("Thu, 99 Nov 2024 07:36:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, expected):
    assert retry_after_seconds(header, NOW) == expected


@given(st.text(max_size=60))
def test_no_retry_after_header_breaks_the_client(header):
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**6))
def test_a_date_and_its_distance_in_seconds_mean_the_same(seconds):
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_seconds(date, NOW) == retry_after_seconds(str(seconds), NOW)
