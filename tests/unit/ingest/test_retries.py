"""Which tries are repeated, and when: pure rules."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.retries import TRIES, pause_seconds, retriable, retry_after_seconds

NOW = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
jitters = st.floats(0, 1, exclude_max=True)
statuses = st.integers(100, 599)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(408, True), (429, True), (500, True), (503, True), (599, True)]
    + [(status, False) for status in (200, 301, 400, 401, 403, 404, 418, 422, 451)],
)
def test_only_408_429_and_server_errors_are_worth_another_try(status, expected):
    assert retriable(status) is expected


@given(statuses, jitters)
def test_there_is_no_pause_after_the_last_try(status, jitter):
    assert pause_seconds(TRIES, jitter, status, 1.0) is None


@given(st.integers(1, TRIES - 1), jitters)
def test_pauses_double_and_are_spread_over_their_upper_half(tried, jitter):
    pause = pause_seconds(tried, jitter)
    assert 2 ** (tried - 1) / 2 <= pause <= 2 ** (tried - 1)


@given(st.integers(1, TRIES - 1), jitters, st.floats(0, 1e6))
def test_a_wait_that_is_asked_for_is_never_cut_short(tried, jitter, asked):
    assert pause_seconds(tried, jitter, 429, asked, 60.0) >= asked


@given(statuses.filter(lambda status: not retriable(status)), jitters)
def test_what_will_not_change_is_not_asked_again_even_if_invited(status, jitter):
    assert pause_seconds(1, jitter, status, 1.0) is None


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
