from datetime import date, timedelta

import pytest

from coinlake.errors import BadConfiguration
from ops.dates import DateRange, format_duration

TODAY = date(2026, 11, 21)


def test_both_ends_are_included():
    days = list(DateRange.parse("2026-11-19", "2026-11-21", TODAY))
    assert days == [date(2026, 11, 19), date(2026, 11, 20), TODAY]


def test_a_time_with_its_zone_means_its_utc_day():
    assert DateRange.parse("2026-11-20T23:30:00-05:00", "2026-11-21", TODAY).start == TODAY


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-11-21", "2026-11-20", "bad_range"),
        ("2026-11-21", "2026-11-22", "future_range"),
        ("2010-01-01", "2026-11-21", "range_too_large"),
        ("2026-11-20T10:00:00", "2026-11-21", "tz_required"),
        ("yesterday", "2026-11-21", "bad_time"),
    ],
)
def test_a_bad_range_is_refused_by_its_code(start, end, code):
    with pytest.raises(BadConfiguration, match=f"^{code}: "):
        DateRange.parse(start, end, TODAY)


def test_a_range_over_ten_years_needs_a_confirmation():
    assert len(list(DateRange.parse("2010-01-01", "2026-11-21", TODAY, sure=True))) == 6169


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=35), "35 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=3.5), "3.5 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_ages_read_in_the_nearest_unit(span, text):
    assert format_duration(span) == text
