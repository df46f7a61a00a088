"""When the digest is due: once a day, whatever minute it is set to and whenever the watch looks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coinlake.alert_rules import Digest
from notify.digest import due_at

MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 28, tzinfo=UTC)  # the clocks of Europe change the next night, and in no way here


def dues(at: int, first: int, every: int = 5, days: int = 3) -> list[datetime]:
    """Each time for which a watch that looks every few minutes finds the digest due."""
    digest = Digest(at * MINUTE, 5)
    watches = (START + (first + every * n) * MINUTE for n in range(days * 1440 // every))
    return [due for now in watches if (due := due_at(digest, now))]


@given(st.integers(0, 1439), st.integers(0, 4))
@example(23 * 60 + 58, 0)
@example(0, 1)
def test_at_every_minute_of_the_day_it_is_due_once_a_day(at: int, first: int):
    due = dues(at, first)
    assert set(due) >= {START + (at + 1440 * day) * MINUTE for day in (0, 1)}
    assert {(moment - START - at * MINUTE) % timedelta(days=1) for moment in due} == {timedelta(0)}


def test_each_watch_of_its_hour_finds_the_same_time():
    for minute in range(1440):
        digest, due = Digest(minute * MINUTE, 5), START + minute * MINUTE
        assert [due_at(digest, due + late * MINUTE) for late in (0, 1, 30, 59)] == [due] * 4
        assert due_at(digest, due - MINUTE) is None and due_at(digest, due + 60 * MINUTE) is None


@pytest.mark.parametrize("day", [datetime(2026, 12, 31, tzinfo=UTC), datetime(2028, 2, 28, tzinfo=UTC)])
def test_its_hour_goes_over_the_end_of_a_day_a_month_and_a_year(day: datetime):
    digest = Digest(timedelta(hours=23, minutes=58), 5)
    at = day + digest.at
    assert due_at(digest, at + 4 * MINUTE) == at
