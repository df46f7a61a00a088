from datetime import UTC, date, datetime

import pytest

from audit.months import Month, months_of_event
from coinlake.errors import BadConfiguration

TODAY = date(2026, 11, 21)


def names(event: dict[str, object]) -> list[str]:
    return [str(month) for month in months_of_event(event, TODAY)]


def test_days_touch_whole_months_over_a_new_year():
    assert names({"days": 35}) == ["2026-10", "2026-11"]
    assert names({"start": "2025-12-31", "end": "2026-01-01"}) == ["2025-12", "2026-01"]


def test_the_future_is_not_audited():
    assert names({"start": "2026-11-01", "end": "2027-11-01"}) == ["2026-11"]


@pytest.mark.parametrize("event", [{}, {"days": "many"}, {"start": "2026-11-01"}, {"start": "x", "end": "y"}])
def test_an_event_that_names_no_days_says_what_one_looks_like(event: dict[str, object]):
    with pytest.raises(BadConfiguration, match="audit takes"):
        months_of_event(event, TODAY)


def test_a_range_that_runs_backwards_is_refused():
    with pytest.raises(BadConfiguration, match="bad_range: start 2026-11-03 is after end 2026-11-01"):
        months_of_event({"start": "2026-11-03", "end": "2026-11-01"}, TODAY)


def test_a_month_holds_its_closed_buckets_only():
    month, now = Month.of(TODAY), datetime(2026, 11, 21, 5, 20, tzinfo=UTC)
    buckets = list(month.buckets("1h", month.start, now))
    assert (buckets[0], buckets[-1]) == (month.start, now.replace(hour=4, minute=0))
    assert len(list(month.before().buckets("1d", month.before().start, now))) == 31


def test_buckets_that_straddle_months_belong_to_the_month_they_start_in():
    month = Month.of(TODAY)
    buckets = list(month.buckets("4d", month.start, month.next().end))
    assert all(month.start <= bucket < month.end for bucket in buckets)
    assert len(buckets) in {7, 8}
