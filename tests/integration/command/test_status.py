"""What `coinlake status` reads and shows."""

import io
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from rich.console import Console

from ops.repair.schedules import set_schedule
from ops.status import feeds, report, tables

from .conftest import CONFIG, FEEDS
from .landing import NOW, land


def shown(status: report.Status) -> str:
    console = Console(file=io.StringIO(), width=160, record=True)
    for table in tables.view(status):
        console.print(table)
    return console.export_text()


@pytest.fixture(autouse=True)
def old_schedules(stack, monkeypatch):
    """Schedules that were made a week ago, so that every feed is long due."""
    made(stack, monkeypatch, NOW - timedelta(days=7))


def made(stack, monkeypatch, since, expression="cron(2 * * * ? *)"):
    scheduler = stack.aws.client("scheduler")
    get = type(scheduler).get_schedule

    def get_schedule(self, **names):
        dates = {"CreationDate": since, "LastModificationDate": since}
        return get(self, **names) | dates | {"ScheduleExpression": expression}

    monkeypatch.setattr(type(scheduler), "get_schedule", get_schedule)


@pytest.mark.parametrize(
    ("since", "state", "words"),
    [
        (NOW - timedelta(minutes=1), "waiting", "first run due at 08:02"),
        (NOW - timedelta(minutes=150), "waiting", "first run due at 06:02"),
        (NOW - timedelta(minutes=151) - timedelta(hours=2), "stale", "stale (over 120 min)"),
    ],
)
def test_a_feed_is_not_stale_before_its_first_run_is_due_and_late(stack, monkeypatch, since, state, words):
    made(stack, monkeypatch, since)
    status = report.read(stack, NOW, days=1)
    [candles] = [feed for feed in status.feeds if feed.feed.name == "candles"]
    assert candles.condition(NOW) == state
    assert words in shown(status)


def test_a_daily_feed_is_looked_for_on_as_many_days_as_it_may_be_old(stack):
    config = CONFIG | {"feeds": {"quotes": FEEDS["quotes"] | {"interval": "1d", "stale_after_minutes": 3000}}}
    stack.artifacts.put(stack.config_key, json.dumps(config).encode())
    land(stack, NOW - timedelta(days=2))
    assert [state.condition(NOW) for state in report.read(stack, NOW, days=1).feeds] == ["fresh"]


def test_status_shows_freshness_zones_reasons_and_queues(stack):
    land(stack, NOW - timedelta(minutes=1))
    land(stack, NOW - timedelta(days=1), quarantined=3)
    stack.lake.put("quarantine/coingecko/quotes/dt=2026-11-20/x.jsonl", b"{}\n")
    stack.dead_letters("notify").send(["m"])
    status = report.read(stack, NOW, days=2)
    assert {state.feed.name: state.stale(NOW) for state in status.feeds} == {"quotes": False, "candles": True}
    zones = {zone.name: (zone.objects, zone.rows) for zone in status.zones}
    assert zones == {
        "raw": (2, 20),
        "trusted": (0, 17),
        "quarantine": (1, 3),
        "ledger": (2, None),
        "gaps": (0, None),
    }
    assert status.reasons == {"nonfinite": 3}
    assert [(queue.stage, queue.waiting, queue.dead) for queue in status.queues] == [
        ("ingest", None, 0),
        ("notify", 0, 1),
        ("transform", 0, 0),
    ]
    text = shown(status)
    for words in ("stale (over 120 min)", "none yet", "coinlake redrive notify", "No mail was sent"):
        assert words in text


def test_status_counts_rows_of_the_days_asked_for_only(stack):
    land(stack, NOW)
    land(stack, NOW - timedelta(days=1))
    assert report.read(stack, NOW, days=1).zones[1].rows == 10


def test_a_paused_feed_is_shown_as_paused_not_as_stale(stack):
    set_schedule(stack, "candles", enabled=False)
    status = report.read(stack, NOW, days=1)
    assert [state.paused for state in status.feeds] == [True, False]
    assert "paused" in shown(status)


def test_status_lists_the_last_mails_newest_first_and_who_has_not_confirmed(stack, monkeypatch):
    for minute in range(7):
        item = {
            "pk": "sent",
            "sk": f"2026-11-21T07:0{minute}:00+00:00#id",
            "subject": f"mail {minute}",
            "rule": "r",
        }
        typed = {name: {"S": value} for name, value in item.items()}
        stack.aws.client("dynamodb").put_item(TableName="state", Item=typed)
    pending = {"Protocol": "email", "Endpoint": "you@example.com", "SubscriptionArn": "PendingConfirmation"}
    pages = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": [pending]}])
    monkeypatch.setitem(stack.aws.clients, "sns", SimpleNamespace(get_paginator=lambda _: pages))
    status = report.read(stack, NOW, days=1)
    assert [alert["subject"] for alert in status.alerts] == [f"mail {minute}" for minute in (6, 5, 4, 3, 2)]
    assert status.unconfirmed == ["you@example.com"]
    assert "you@example.com has not confirmed" in shown(status)


def test_a_foreign_object_in_raw_does_not_break_status(stack):
    stack.raw.put("raw/source=coingecko/dataset=quotes/dt=2026-11-21/notes.txt", b"x")
    land(stack, NOW)
    states = feeds.feed_states(stack, [NOW.date()])
    assert [state.newest for state in states if state.feed.name == "quotes"] == [NOW]
