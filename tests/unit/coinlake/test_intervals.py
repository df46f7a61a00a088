from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import intervals
from coinlake.errors import BadConfiguration

moments = st.datetimes(min_value=datetime(2009, 1, 3), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


@given(moments, st.sampled_from(list(intervals.INTERVALS)))
def test_a_floor_is_the_start_of_the_bucket_that_holds_the_moment(moment: datetime, interval: str):
    start = intervals.floor(moment, interval)
    assert start <= moment < start + intervals.duration(interval)
    assert intervals.floor(start, interval) == start


def test_days_start_at_midnight_utc_and_leap_days_are_days():
    assert intervals.floor(datetime(2028, 2, 29, 23, 59, tzinfo=UTC), "1d") == datetime(
        2028, 2, 29, tzinfo=UTC
    )


def test_an_unknown_interval_is_refused_with_the_known_ones():
    with pytest.raises(BadConfiguration, match="bad_interval: '2h' .* 1m, 5m, 15m, 30m, 1h, 4h, 6h, 1d, 4d"):
        intervals.duration("2h")


def test_a_naive_time_is_refused():
    with pytest.raises(BadConfiguration, match="tz_required"):
        intervals.parse_utc("2026-11-21T07:00:00")


def test_times_are_read_in_any_zone_and_returned_in_utc():
    assert intervals.parse_utc("2026-11-21T08:00:00+01:00") == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert intervals.parse_utc("2026-11-21T07:00:00Z").utcoffset() == timedelta(0)


def test_what_is_no_time_is_refused():
    with pytest.raises(BadConfiguration, match="bad_time: 'yesterday'"):
        intervals.parse_utc("yesterday")
