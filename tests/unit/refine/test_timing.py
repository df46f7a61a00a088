"""Which run derives from what is of now, and what waits for it."""

from datetime import UTC, datetime

import pytest

from refine.parts import Part
from refine.timing import Timing


def at(text: str, batch: int = 15, derive: int = 60) -> Timing:
    return Timing(datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC), batch, derive)


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
    ("table", "partition", "waits"),
    [
        ("quotes", "dt=2026-11-21", True),
        ("quotes", "dt=2026-11-20", True),
        ("quotes", "dt=2026-11-19", False),
        ("candles", "interval=1d/month=2026-11", True),
        ("candles", "interval=1d/month=2026-10", False),
        ("sentiment", "index=fear_and_greed", False),
    ],
)
def test_only_parts_of_now_wait_and_only_between_due_runs(table, partition, waits):
    assert at("21T07:17").waits(Part(table, partition)) is waits
    assert not at("21T07:02").waits(Part(table, partition))


def test_a_due_run_looks_at_every_part_that_may_have_waited():
    parts = set(at("21T07:02").of_now())
    assert {Part("quotes", "dt=2026-11-20"), Part("quotes", "dt=2026-11-21")} <= parts
    assert Part("candles", "interval=1d/month=2026-11") in parts
    assert all(at("21T07:17").waits(part) for part in parts)


def test_on_the_first_of_a_month_yesterdays_month_is_of_now_too():
    timing = Timing(datetime(2026, 12, 1, 7, 2, tzinfo=UTC), 15, 60)
    months = {part.values["month"] for part in timing.of_now() if part.table == "candles"}
    assert months == {"2026-11", "2026-12"}
