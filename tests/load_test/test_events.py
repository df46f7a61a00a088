"""The default feeds' pace, and their events in order."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from coinlake.feeds import Feed
from ops.deploy.tfvars import Settings
from ops.preflight.quota import PlannedFeed
from tests.load_test.events import rate, rows, runs

AFTER = datetime(2026, 11, 21, tzinfo=UTC)


def planned(schedule: str, assets: int, dataset: str = "candles") -> PlannedFeed:
    return PlannedFeed("one", "coinbase", dataset, schedule, assets, None, 24, enabled=True)


def feed(name: str, schedule: str) -> Feed:
    entry = {"source": "coinbase", "dataset": "candles", "interval": "1h", "schedule": schedule}
    return Feed.of(name, {**entry, "stale_after_minutes": 60, "enabled": True}, {})


def test_the_pace_is_that_of_the_schedules() -> None:
    hourly = planned("cron(2 * * * ? *)", assets=18)
    assert rate([hourly]) == pytest.approx(18 / 3600)
    assert rate([hourly, hourly]) == pytest.approx(36 / 3600)


def test_runs_of_all_feeds_come_in_order_without_an_end() -> None:
    feeds = [feed("hourly", "cron(2 * * * ? *)"), feed("often", "cron(0/20 * * * ? *)")]
    found = list(islice(runs(feeds, AFTER), 40))
    assert all(earlier <= later for (earlier, _), (later, _) in pairwise(found))
    assert [each.name for _, each in found].count("hourly") == 10
    assert found[0] == (AFTER + timedelta(minutes=2), feeds[0])


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b"[[1], [2]]", 2),
        (b'{"timezone": "UTC", "rateLimits": [1], "symbols": [1, 2, 3]}', 3),
        (b'{"data": [{"value": "40"}], "metadata": {"error": null}}', 1),
        (b"{}", 0),
    ],
)
def test_rows_of_an_answer_are_those_of_its_longest_list(body: bytes, count: int) -> None:
    assert rows(body) == count


def test_the_default_feeds_are_read_without_terraforms_quotes() -> None:
    feeds = Settings.load("dev").values["feeds"]
    assert feeds["coingecko_quotes"]["source"] == "coingecko"
    assert feeds["binance_quotes"]["assets"][:2] == ["BTC", "ETH"]
