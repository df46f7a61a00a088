"""What a run reads from its event."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration, BadEvent
from coinlake.sources import catalog
from ingest.feeds import SNAPSHOTS, FeedRun
from ingest.sources import registry

NOW = datetime(2024, 11, 21, 7, 37, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def config(quotes_feed):
    feeds = {"top": quotes_feed(), "off": quotes_feed(name="off", enabled=False)}
    return LakeConfig({}, {}, feeds, (), SimpleNamespace(), private_sources=False, environment="local")


def test_the_slot_is_the_scheduled_time_floored_to_the_interval(config):
    run = FeedRun.from_event({"feed": "top", "scheduled_time": "2024-11-21T07:37:00Z"}, config, NOW)
    assert (run.feed.name, run.due) == ("top", datetime(2024, 11, 21, 7, 35, tzinfo=UTC))
    assert str(run) == "feed top at 2024-11-21T07:35:00+00:00"


@given(late=st.timedeltas(timedelta(0), timedelta(hours=6)))
def test_a_retry_computes_the_same_slot_however_late_it_comes(config, late):
    event = {"feed": "top", "scheduled_time": "2024-11-21T07:35:00Z"}
    assert FeedRun.from_event(event, config, NOW + late) == FeedRun.from_event(event, config, NOW)


def test_other_time_zones_mean_the_same_moment(config):
    run = FeedRun.from_event({"feed": "top", "scheduled_time": "2024-11-21T08:37:00+01:00"}, config, NOW)
    assert run.due.isoformat() == "2024-11-21T07:35:00+00:00"


@pytest.mark.parametrize("moment", ["2024-02-29T23:59:59Z", "2024-11-21T00:00:00Z", "2023-12-31T23:55:00Z"])
def test_keys_follow_the_slot_over_midnight_and_leap_days(config, moment):
    run = FeedRun.from_event({"feed": "top", "scheduled_time": moment}, config, NOW)
    assert str(run.feed.page_key(run.due, 1).slot.dt) == moment[:10]


def test_a_feed_that_is_switched_off_is_served_if_its_event_arrives(config):
    assert (
        FeedRun.from_event({"feed": "off", "scheduled_time": "2024-11-21T07:35:00Z"}, config, NOW).feed.name
        == "off"
    )


def test_only_answers_without_times_of_their_own_are_snapshots():
    sources = [registry.load(name) for name in catalog()]
    current = {dataset for source in sources for dataset in source.snapshots}
    assert current - SNAPSHOTS == {"ohlc", "sentiment"}
    assert current >= SNAPSHOTS
    assert not SNAPSHOTS & {dataset for source in sources for dataset in source.windows}


@pytest.mark.parametrize("dataset", sorted(SNAPSHOTS))
def test_a_snapshot_is_missed_once_its_slot_is_an_hour_past(quotes_feed, dataset):
    run = FeedRun(quotes_feed(dataset=dataset), NOW - timedelta(hours=1))
    assert not run.is_missed(NOW)
    assert run.is_missed(NOW + timedelta(seconds=1))


@pytest.mark.parametrize("event", [{}, [], None, "top", {"feed": "top"}, {"feed": 1, "scheduled_time": "x"}])
def test_an_event_of_another_kind_is_refused(config, event):
    with pytest.raises(BadEvent, match="bad_event: an ingest event is"):
        FeedRun.from_event(event, config, NOW)


def test_a_slot_in_the_future_is_refused_because_what_lands_is_kept(config):
    with pytest.raises(BadEvent, match="future_slot: feed top is due at 2024-11-21T07:40:00"):
        FeedRun.from_event({"feed": "top", "scheduled_time": "2024-11-21T07:40:00Z"}, config, NOW)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            {"feed": "nope", "scheduled_time": "2024-11-21T07:35:00Z"},
            "no feed 'nope'; the feeds are off, top",
        ),
        ({"feed": "top", "scheduled_time": "<aws.scheduler.scheduled-time>"}, "bad_time"),
        ({"feed": "top", "scheduled_time": "2024-11-21T07:35:00"}, "tz_required"),
    ],
)
def test_an_unknown_feed_or_time_is_named(config, event, message):
    with pytest.raises(BadConfiguration, match=message):
        FeedRun.from_event(event, config, NOW)
