from datetime import UTC, datetime, timedelta

import pytest

from coinlake.feeds import Feed
from notify.freshness import FeedStatus, FeedTimes

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FEED = Feed("top", "coingecko", "quotes", "USD", "5m", (), 250, 1, 20, True)


def ago(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("latest", "expected_since", "stale"),
    [
        (21, 500, True),
        (20, 500, False),
        (None, 21, True),
        (None, 20, False),
        (500, 20, False),  # resumed after a pause
        (21, None, True),
        (None, None, False),
    ],
)
def test_a_feed_is_stale_when_both_its_data_and_its_expectation_are_over_the_limit(
    latest, expected_since, stale
):
    assert FeedStatus(FEED, FeedTimes(ago(latest), ago(expected_since))).is_stale(NOW) is stale
