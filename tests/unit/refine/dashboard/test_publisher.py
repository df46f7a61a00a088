"""Health and the site bucket, beside moto: what is told, and with how many calls."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws

from coinlake import parquet
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.feeds import Feed
from coinlake.keys import GapsKey, Partition, quarantine_prefix
from coinlake.queues import DeadLetterQueues
from coinlake.records import Rejection, quarantine_lines
from coinlake.stores import ObjectStore
from coinlake.tables import tables
from refine.dashboard import health
from refine.dashboard.health import HealthReader
from refine.dashboard.publisher import Publisher
from refine.partitions import RefinedZone
from tests.unit.refine.rows import partition
from tests.unit.refine.world import Lake, quote, quotes

NOW = datetime(2026, 3, 5, 12, 5, tzinfo=UTC)
SOON = partition("latest")


def feed(name: str, source: str, dataset: str, **more: Any) -> Feed:
    told = {"quote": "USD", "interval": "1h", "assets": ("BTC",), "top": None, "lookback": 24}
    return Feed(name, source, dataset, stale_after_minutes=30, **{**told, "enabled": True, **more})


FEEDS = {
    one.name: one
    for one in (
        feed("coins", "coingecko", "quotes", interval="5m"),
        feed("hours", "coinbase", "candles"),
        feed("bars", "coincap", "quotes", enabled=False, off_reason="no key"),
    )
}
CONFIG = LakeConfig({"BTC": {}}, {}, FEEDS, (), None, private_sources=False, environment="local")


@pytest.fixture(autouse=True)
def aws():
    with mock_aws():
        yield


@pytest.fixture
def calls() -> Counter:
    return Counter()


@pytest.fixture
def reader(calls: Counter) -> HealthReader:
    def made(service: str) -> Any:
        client = boto3.client(service, region_name="us-east-1")
        client.meta.events.register("before-call.*", lambda model, **_: calls.update([model.name]))
        return client

    s3, dynamodb, sqs = made("s3"), made("dynamodb"), made("sqs")
    for bucket in ("lake", "site"):
        s3.create_bucket(Bucket=bucket)
    keys = [{"AttributeName": name, "KeyType": kind} for name, kind in (("pk", "HASH"), ("sk", "RANGE"))]
    names = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    dynamodb.create_table(
        TableName="state", KeySchema=keys, AttributeDefinitions=names, BillingMode="PAY_PER_REQUEST"
    )
    queues = {stage: sqs.create_queue(QueueName=f"{stage}-dlq")["QueueUrl"] for stage in ("ingest", "refine")}
    calls.clear()
    return HealthReader(dynamodb, "state", DeadLetterQueues(sqs, queues), ObjectStore(s3, "lake"))


@pytest.fixture
def publisher(reader: HealthReader) -> Publisher:
    return Publisher(ObjectStore(reader.lake.client, "site"), reader, CONFIG, lambda: NOW)


def remember(reader: HealthReader, pk: str, sk: str, **texts: str) -> None:
    item = {name: {"S": text} for name, text in {"pk": pk, "sk": sk, **texts}.items()}
    reader.dynamodb.put_item(TableName="state", Item=item)


def reject(reader: HealthReader, slot: str, *codes: str, day: datetime = NOW) -> None:
    key = f"{quarantine_prefix('coingecko', 'quotes', day.date())}{slot}.jsonl"
    reader.lake.put(key, quarantine_lines("raw/x", [Rejection.of(code) for code in codes]))


def told(reader: HealthReader, gaps: pa.Table | None = None) -> dict[str, Any]:
    none = tables()["gaps"].schema.append(pa.field("interval", pa.string())).empty_table()
    return json.loads(health.health(CONFIG, reader, none if gaps is None else gaps, NOW))


def test_each_feed_says_how_fresh_it_is_and_why_it_is_off(reader):
    remember(reader, "feed#coins", "latest", slot_time="2026-03-05T12:00:00.000000+00:00")
    remember(reader, "feed#coins", "paused", since="2026-03-05T11:00:00.000000+00:00")
    remember(reader, "feed#hours", "paused", since="2026-03-05T11:00:00.000000+00:00")
    document = told(reader)
    feeds = {entry["name"]: entry for entry in document["feeds"]}
    assert (document["environment"], document["generated_at"]) == ("local", int(NOW.timestamp()))
    assert feeds["coins"] == {
        **{"name": "coins", "source": "coingecko", "dataset": "quotes", "interval": "5m", "enabled": True},
        **{"off_reason": None, "stale_after_minutes": 30},
        **{"paused": False, "newest_slot": int(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp())},
    }
    assert (feeds["hours"]["paused"], feeds["hours"]["newest_slot"]) == (True, None)
    assert (feeds["bars"]["enabled"], feeds["bars"]["off_reason"]) == (False, "no key")


def test_todays_rejected_rows_are_counted_by_reason_and_yesterdays_are_not(reader):
    reject(reader, "20260305T110000Z.a", "not_json")
    reject(reader, "20260305T110500Z.a", "bad_type", "bad_type")
    reject(reader, "20260304T110000Z.a", "nonfinite", day=NOW - timedelta(days=1))
    assert told(reader)["quarantine"] == [
        {"source": "coingecko", "dataset": "quotes", "code": "bad_type", "rows": 2},
        {"source": "coingecko", "dataset": "quotes", "code": "not_json", "rows": 1},
    ]


def test_a_flood_of_rejections_costs_no_more_than_the_newest_of_them(reader, calls):
    for number in range(30):
        reject(reader, f"20260305T{number // 60:02}{number % 60:02}00Z.a", "not_json")
    calls.clear()
    assert told(reader)["quarantine"][0]["rows"] == health.MAX_QUARANTINE_OBJECTS
    assert calls == {
        **{"BatchGetItem": 1, "Query": 1, "ListObjectsV2": 2, "GetQueueAttributes": 2},
        "GetObject": health.MAX_QUARANTINE_OBJECTS,
    }


def test_the_newest_mails_come_first(reader):
    for minute in range(12):
        at = f"2026-03-05T11:{minute:02}:00.000000+00:00"
        remember(reader, "sent", f"{at}#id", subject=f"mail {minute}")
    mails = told(reader)["mails"]
    assert [mail["subject"] for mail in mails] == [f"mail {minute}" for minute in range(11, 1, -1)]
    assert mails[0]["sent_at"] == int(datetime(2026, 3, 5, 11, 11, tzinfo=UTC).timestamp())


def test_dead_letters_are_counted_by_stage(reader):
    reader.queues.client.send_message(QueueUrl=reader.queues.urls["refine"], MessageBody="x")
    assert told(reader)["dead_letters"] == [
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
        told(reader)


def test_a_setting_that_is_no_object_is_told():
    assert DeadLetterQueues.from_json(None, '{"ingest": "https://x"}').urls == {"ingest": "https://x"}
    with pytest.raises(BadConfiguration, match="DEAD_LETTER_QUEUES is '7'"):
        DeadLetterQueues.from_json(None, "7")


def test_a_run_publishes_gaps_prices_and_whose_they_are(publisher, reader):
    gap = {"source": "coinbase", "base": "BTC", "quote": "USD", "open_time": NOW, "raw_key": None}
    rows = [
        gap | {"buckets": 3, "state": "no_trade", "evidence": "x"},
        gap | {"buckets": 9, "state": "present"},
    ]
    body = parquet.encode(tables()["gaps"], pa.Table.from_pylist(rows, tables()["gaps"].schema))
    reader.lake.put(str(GapsKey("coinbase", Partition.month("2026-03", interval="1h"))), body)
    publisher.publish(frozenset({SOON}), filled(reader))
    assert read(reader, "health.json")["gaps"] == [
        {
            "source": "coinbase",
            "base": "BTC",
            "quote": "USD",
            "interval": "1h",
            "status": "no_trade",
            "buckets": 3,
        }
    ]
    assert [asset["base"] for asset in read(reader, "watchlist.json")["assets"]] == ["BTC"]
    assert read(reader, "candles/index.json") == {"markets": {}}
    assert [entry["source"] for entry in read(reader, "sources.json")["attributions"]] == [
        "coinbase",
        "coingecko",
    ]


def test_only_what_changed_is_put_again(publisher, reader, calls):
    parts = filled(reader)
    assert publisher.publish(frozenset({SOON}), parts) == 4
    calls.clear()
    assert publisher.publish(frozenset({SOON}), parts) == 0
    assert calls["PutObject"] == 0
    remember(reader, "feed#coins", "latest", slot_time="2026-03-05T12:00:00.000000+00:00")
    assert publisher.publish(frozenset(), parts) == 1


def test_the_index_keeps_the_candles_of_earlier_runs(publisher, reader):
    publisher.site.put("data/candles/ETH/1h.json", b"{}")
    publisher.publish(frozenset(), filled(reader))
    assert read(reader, "candles/index.json") == {"markets": {"ETH": {"intervals": ["1h"]}}}


def test_a_browser_is_told_to_ask_each_time(publisher, reader):
    publisher.publish(frozenset(), filled(reader))
    stored = reader.lake.client.head_object(Bucket="site", Key="data/health.json")
    assert (stored["CacheControl"], stored["ContentType"]) == ("no-cache", "application/json")


def filled(reader: HealthReader) -> RefinedZone:
    """A lake with one price."""
    lake = Lake()
    lake.take([quotes(quote("coingecko", "BTC", "USD", NOW, 7))])
    for part, body in lake.bodies.items():
        reader.lake.put(part.key, body)
    return RefinedZone(reader.lake)


def read(reader: HealthReader, name: str) -> dict[str, Any]:
    return json.loads(reader.lake.client.get_object(Bucket="site", Key=f"data/{name}")["Body"].read())
