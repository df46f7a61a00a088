from datetime import date

import pytest

from coinlake.errors import BadConfiguration
from reconcile.comparison import Days

TODAY = date(2028, 3, 1)


def test_days_count_back_from_today_over_a_leap_day():
    assert list(Days.of_event({"days": 1}, TODAY)) == [date(2028, 2, 29), date(2028, 3, 1)]


def test_a_range_includes_both_ends():
    days = Days.of_event({"start": "2026-11-01", "end": "2026-11-03"}, TODAY)
    assert list(days) == [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)]


@pytest.mark.parametrize("event", [{}, {"days": "many"}, {"start": "2026-11-01"}, {"start": "x", "end": "y"}])
def test_an_event_that_names_no_days_says_what_one_looks_like(event: dict[str, object]):
    with pytest.raises(BadConfiguration, match="reconcile takes"):
        Days.of_event(event, TODAY)


def test_a_range_that_runs_backwards_is_refused():
    with pytest.raises(BadConfiguration, match="bad_range: start 2026-11-03 is after end 2026-11-01"):
        Days.of_event({"start": "2026-11-03", "end": "2026-11-01"}, TODAY)
