from datetime import UTC, datetime

import pytest

from coinlake.schedules import next_run

AT = datetime(2026, 11, 28, 18, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("cron(* * * * ? *)", "2026-11-28T18:03"),
        ("cron(0/5 * * * ? *)", "2026-11-28T18:05"),
        ("cron(2 * * * ? *)", "2026-11-28T19:02"),
        ("cron(1,31 * * * ? *)", "2026-11-28T18:31"),
        ("cron(2 0/4 * * ? *)", "2026-11-28T20:02"),
        ("cron(5 0 * * ? *)", "2026-11-29T00:05"),
        ("cron(50 5 1 * ? *)", "2026-12-01T05:50"),
        ("cron(0 12 31 * ? *)", "2026-12-31T12:00"),
        ("cron(0 9-17 * * ? *)", "2026-11-29T09:00"),
    ],
)
def test_the_next_due_minute(expression, due):
    assert next_run(expression, AT) == datetime.fromisoformat(f"{due}+00:00")


@pytest.mark.parametrize(
    "expression",
    ["rate(5 minutes)", "cron(0 9 ? * MON-FRI *)", "cron(0 9 * 1 ? *)", "at(2026-11-28T18:02:30)", ""],
)
def test_another_kind_of_schedule_is_not_guessed(expression):
    assert next_run(expression, AT) is None


def test_a_day_that_no_month_has_is_never_due():
    assert next_run("cron(0 0 32 * ? *)", AT) is None
