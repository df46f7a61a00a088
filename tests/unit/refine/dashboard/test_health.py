"""data/health.json: what it says, and with how many calls."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.keys import quarantine_prefix
from coinlake.queues import DeadLetterQueues
from coinlake.records import Rejection, quarantine_lines
from coinlake.tables import tables
from refine.dashboard import health
from refine.dashboard.health import HealthReader
from tests.unit.refine.dashboard.conftest import CONFIG, NOW, remember


def reject(reader: HealthReader, slot: str, *codes: str, day: datetime = NOW) -> None:
    key = f"{quarantine_prefix('coingecko', 'quotes', day.date())}{slot}.jsonl"
    reader.lake.put(key, quarantine_lines("raw/x", [Rejection.of(code) for code in codes]))


def health_of(reader: HealthReader, gaps: pa.Table | None = None) -> dict[str, Any]:
    none = tables()["gaps"].schema.append(pa.field("interval", pa.string())).empty_table()
    return json.loads(health.health(CONFIG, reader, none if gaps is None else gaps, NOW))


def test_each_feed_says_how_fresh_it_is_and_why_it_is_off(reader):
    remember(reader, "feed#coins", "latest", slot_time="2026-03-05T12:00:00.000000+00:00")
    remember(reader, "feed#coins", "paused", since="2026-03-05T11:00:00.000000+00:00")
    remember(reader, "feed#hours", "paused", since="2026-03-05T11:00:00.000000+00:00")
    document = health_of(reader)
    feeds = {entry["name"]: entry for entry in document["feeds"]}
    assert (document["environment"], document["generated_at"]) == ("local", int(NOW.timestamp()))
    assert feeds["coins"] == {
        **{"name": "coins", "source": "coingecko", "dataset": "quotes", "interval": "5m", "enabled": True},
        **{"off_reason": None, "stale_after_minutes": 30},
        **{"paused": False, "newest_slot": int(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp())},
        "first_run": None,
    }
    assert (feeds["hours"]["paused"], feeds["hours"]["newest_slot"]) == (True, None)
    assert (feeds["bars"]["enabled"], feeds["bars"]["off_reason"]) == (False, "no key")


def test_a_feed_without_a_slot_says_when_its_first_run_is_due(reader):
    """From the watch that first saw it, or from now where none has."""
    remember(reader, "feed#coins", "first_seen", since="2026-03-05T10:00:00.000000+00:00")
    feeds = {entry["name"]: entry for entry in health_of(reader)["feeds"]}
    hours = {name: datetime.fromtimestamp(feeds[name]["first_run"], UTC) for name in ("coins", "hours")}
    assert {name: f"{due:%H:%M}" for name, due in hours.items()} == {"coins": "10:02", "hours": "13:02"}


def test_a_feed_of_an_earlier_deployment_has_no_schedule_and_says_nothing(reader):
    feeds = {name: replace(feed, schedule=None) for name, feed in CONFIG.feeds.items()}
    none = tables()["gaps"].schema.append(pa.field("interval", pa.string())).empty_table()
    document = json.loads(health.health(replace(CONFIG, feeds=feeds), reader, none, NOW))
    assert {entry["first_run"] for entry in document["feeds"]} == {None}


def test_the_rejected_rows_of_24_hours_are_counted_by_reason_over_midnight(reader):
    reject(reader, "20260305T110000Z.a", "not_json")
    reject(reader, "20260305T110500Z.a", "bad_type", "bad_type")
    yesterday = NOW - timedelta(days=1)
    reject(reader, "20260304T120000Z.a", "nonfinite", day=yesterday)
    reject(reader, "20260304T120500Z.a", "bad_time", day=yesterday)
    document = health_of(reader)
    assert document["quarantine_hours"] == 24
    assert document["quarantine"] == [
        {"source": "coingecko", "dataset": "quotes", "code": "bad_time", "rows": 1},
        {"source": "coingecko", "dataset": "quotes", "code": "bad_type", "rows": 2},
        {"source": "coingecko", "dataset": "quotes", "code": "not_json", "rows": 1},
    ]


def test_a_flood_of_rejections_costs_no_more_than_the_newest_of_them(reader, calls):
    for number in range(30):
        reject(reader, f"20260305T{number // 60:02}{number % 60:02}00Z.a", "not_json")
    calls.clear()
    assert health_of(reader)["quarantine"][0]["rows"] == health.MAX_QUARANTINE_OBJECTS
    assert calls == {
        **{"BatchGetItem": 1, "Query": 1, "ListObjectsV2": 2, "GetQueueAttributes": 2},
        "GetObject": health.MAX_QUARANTINE_OBJECTS,
    }


def test_the_newest_mails_come_first(reader):
    for minute in range(12):
        at = f"2026-03-05T11:{minute:02}:00.000000+00:00"
        remember(reader, "sent", f"{at}#id", subject=f"mail {minute}")
    mails = health_of(reader)["mails"]
    assert [mail["subject"] for mail in mails] == [f"mail {minute}" for minute in range(11, 1, -1)]
    assert mails[0]["sent_at"] == int(datetime(2026, 3, 5, 11, 11, tzinfo=UTC).timestamp())


def test_dead_letters_are_counted_by_stage(reader):
    reader.queues.client.send_message(QueueUrl=reader.queues.urls["refine"], MessageBody="x")
    assert health_of(reader)["dead_letters"] == [
        {"stage": "ingest", "messages": 0},
        {"stage": "refine", "messages": 1},
    ]


def test_more_feeds_than_one_call_takes_are_all_read(reader):
    names = [f"feed{number}" for number in range(60)]
    for name in names:
        remember(reader, f"feed#{name}", "latest", slot_time="2026-03-05T12:00:00.000000+00:00")
    assert len(reader.feed_times(names)) == 60


def test_what_cannot_be_read_says_so(reader):
    reader.dynamodb.delete_table(TableName="state")
    with pytest.raises(StoreUnavailable, match="could not read the feeds in table state: ResourceNotFound"):
        health_of(reader)


def test_a_setting_that_is_no_json_object_is_refused():
    assert DeadLetterQueues.from_json(None, '{"ingest": "https://x"}').urls == {"ingest": "https://x"}
    with pytest.raises(BadConfiguration, match="DEAD_LETTER_QUEUES is '7'"):
        DeadLetterQueues.from_json(None, "7")
