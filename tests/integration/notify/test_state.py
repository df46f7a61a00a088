"""The items of the state table, to the letter: an upgraded stack must find those that it wrote before."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3
import pytest

from notify.alerts import Alert, Mail, Run
from notify.freshness import FeedTimes
from notify.rules.observations import Observation
from notify.rules.prices import PricePoint
from notify.state import LeaseHeld, State

AT = datetime(2026, 11, 21, 7, 35, 0, 250_000, tzinfo=UTC)
NOW = AT + timedelta(seconds=20)
RUN = Run(NOW, NOW + timedelta(seconds=60))
ALERT = Alert(
    topic="alert#btc-high#coingecko#BTC#USD",
    id="0123456789abcdef",
    kind="btc-high",
    at=AT,
    cooldown=timedelta(hours=1),
    mail=Mail("[coinlake] BTC above 75,000 USD", "body"),
)
BTC = Observation("coingecko", "BTC", "USD", AT, Decimal("77361.430"), "raw/x")


@pytest.fixture
def state(line) -> State:
    return State(boto3.client("dynamodb"), "state")


def items(state: State) -> list[dict]:
    return sorted(state.client.scan(TableName="state")["Items"], key=lambda item: item["pk"]["S"])


def test_a_lease_then_a_sent_mail(state: State):
    assert state.acquire(ALERT, RUN)
    assert items(state) == [
        {
            "pk": {"S": "alert#btc-high#coingecko#BTC#USD"},
            "sk": {"S": "state"},
            "lease_id": {"S": "0123456789abcdef"},
            "lease_until": {"N": "1795246580250"},
        }
    ]
    state.mark_sent(ALERT, RUN)
    assert items(state) == [
        {
            "pk": {"S": "alert#btc-high#coingecko#BTC#USD"},
            "sk": {"S": "state"},
            "sent_at": {"S": "2026-11-21T07:35:00.250000+00:00"},
            "alert_id": {"S": "0123456789abcdef"},
        },
        {
            "pk": {"S": "sent"},
            "sk": {"S": "2026-11-21T07:35:20.250000+00:00#0123456789abcdef"},
            "subject": {"S": "[coinlake] BTC above 75,000 USD"},
            "rule": {"S": "btc-high"},
            "expires_at": {"N": "1797838520"},
        },
    ]


def test_a_feeds_slot_and_since_when_it_is_expected(state: State):
    state.record_slot("top", AT.replace(microsecond=0))
    state.record_slot("top", AT - timedelta(days=1))
    state.expect_from("top", NOW)
    assert items(state) == [
        {
            "pk": {"S": "feed#top"},
            "sk": {"S": "first_seen"},
            "since": {"S": "2026-11-21T07:35:20.250000+00:00"},
        },
        {
            "pk": {"S": "feed#top"},
            "sk": {"S": "latest"},
            "slot_time": {"S": "2026-11-21T07:35:00.000000+00:00"},
        },
    ]
    paused = {
        "pk": {"S": "feed#top"},
        "sk": {"S": "paused"},
        "since": {"S": "2026-11-21T08:00:00.000000+00:00"},
    }
    state.client.put_item(TableName="state", Item=paused)
    eight = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert state.feed_times("top") == FeedTimes(AT.replace(microsecond=0), NOW, paused_since=eight)


def test_a_price_with_all_its_digits(state: State):
    state.record_price(BTC, AT + timedelta(days=1))
    assert items(state) == [
        {
            "pk": {"S": "price#coingecko#BTC#USD"},
            "sk": {"S": "2026-11-21T07:35:00.250000+00:00"},
            "price": {"S": "77361.430"},
            "expires_at": {"N": "1795332900"},
        }
    ]
    assert state.last_price(BTC.series, AT - timedelta(hours=1), AT) == PricePoint(AT, BTC.price)


def test_items_of_an_earlier_deployment_hold_back_what_they_held_back(state: State):
    sent = {
        "pk": {"S": ALERT.topic},
        "sk": {"S": "state"},
        "sent_at": {"S": "2026-11-21T07:00:00.000000+00:00"},
        "alert_id": {"S": "fedcba9876543210"},
    }
    state.client.put_item(TableName="state", Item=sent)
    assert not state.acquire(ALERT, RUN)
    leased = {
        **sent,
        "sent_at": {"S": "2026-11-21T06:00:00.000000+00:00"},
        "lease_until": {"N": "1795246580250"},
    }
    state.client.put_item(TableName="state", Item=leased)
    with pytest.raises(LeaseHeld):
        state.acquire(ALERT, RUN)
