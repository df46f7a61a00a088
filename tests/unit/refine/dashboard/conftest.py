"""A lake, a site and notify's state table in moto, and the calls that are made to them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from coinlake.config import LakeConfig
from coinlake.feeds import Feed
from coinlake.queues import DeadLetterQueues
from coinlake.stores import ObjectStore
from refine.dashboard.health import HealthReader
from refine.dashboard.publisher import Publisher
from tests.unit.refine.rows import partition

NOW = datetime(2026, 3, 5, 12, 5, tzinfo=UTC)
SOON = partition("latest")


def feed(name: str, source: str, dataset: str, **more: Any) -> Feed:
    defaults = {"quote": "USD", "interval": "1h", "assets": ("BTC",), "top": None, "lookback": 24}
    defaults |= {"enabled": True, "schedule": "cron(2 * * * ? *)"}
    return Feed(name, source, dataset, stale_after_minutes=30, **{**defaults, **more})


FEEDS = {
    one.name: one
    for one in (
        feed("coins", "coingecko", "quotes", interval="5m"),
        feed("hours", "coinbase", "candles"),
        feed("bars", "coincap", "quotes", enabled=False, off_reason="no key"),
    )
}
CONFIG = LakeConfig({"BTC": {}}, {}, FEEDS, (), None, private_sources=False, environment="local")


@pytest.fixture
def aws():
    with mock_aws():
        yield


@pytest.fixture
def calls() -> Counter:
    return Counter()


@pytest.fixture
def reader(aws: None, calls: Counter) -> HealthReader:
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
