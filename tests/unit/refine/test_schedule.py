"""Which run derives from current partitions, and what is deferred to it."""

from datetime import UTC, datetime

import pytest

from refine.schedule import Schedule
from tests.unit.refine.rows import partition


def at(text: str, batch: int = 15, derive: int = 60) -> Schedule:
    return Schedule(datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC), batch, derive)


@pytest.mark.parametrize(
    ("time", "batch", "derive", "due"),
    [
        ("21T07:02", 15, 60, True),
        ("21T07:17", 15, 60, False),
        ("21T07:47", 15, 60, False),
        ("21T07:17", 15, 15, True),
        ("21T07:17", 15, 5, True),
        ("21T07:01", 1, 60, False),
        ("21T07:00", 1, 60, True),
    ],
)
def test_the_first_run_since_a_multiple_of_the_minutes_is_due(time, batch, derive, due):
    assert at(time, batch, derive).is_due is due


@pytest.mark.parametrize(
    ("table", "text", "is_current"),
    [
        ("quotes", "dt=2026-11-21", True),
        ("quotes", "dt=2026-11-20", True),
        ("quotes", "dt=2026-11-19", False),
        ("candles", "interval=1d/month=2026-11", True),
        ("candles", "interval=1d/month=2026-10", False),
        ("sentiment", "index=fear_and_greed", False),
    ],
)
def test_only_current_partitions_are_deferred_and_only_between_due_runs(table, text, is_current):
    assert at("21T07:17").is_deferred(partition(table, text)) is is_current
    assert not at("21T07:02").is_deferred(partition(table, text))


def test_a_due_run_derives_from_every_partition_that_may_have_been_deferred():
    current = set(at("21T07:02").current_partitions())
    assert {partition("quotes", f"dt=2026-11-{day}") for day in (20, 21)} <= current
    assert partition("candles", "interval=1d/month=2026-11") in current
    assert all(at("21T07:17").is_deferred(one) for one in current)


def test_on_the_first_of_a_month_yesterdays_month_is_current_too():
    schedule = Schedule(datetime(2026, 12, 1, 7, 2, tzinfo=UTC), 15, 60)
    months = {one.values["month"] for one in schedule.current_partitions() if one.table == "candles"}
    assert months == {"2026-11", "2026-12"}
