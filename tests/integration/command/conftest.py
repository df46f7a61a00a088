"""A whole stack of moto's, as far as the coinlake command looks at it."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from ops.aws import Aws
from ops.progress import console
from ops.stack import Stack

NOW = datetime(2026, 11, 21, 7, 36, tzinfo=UTC)
FEEDS = {
    "quotes": {
        "source": "coingecko",
        "dataset": "quotes",
        "quote": "USD",
        "interval": "5m",
        "assets": [],
        "top": 250,
        "lookback": 24,
        "stale_after_minutes": 20,
        "enabled": True,
    },
    "candles": {
        "source": "coinbase",
        "dataset": "candles",
        "quote": "USD",
        "interval": "1h",
        "assets": ["BTC"],
        "top": None,
        "lookback": 24,
        "stale_after_minutes": 120,
        "enabled": True,
    },
}
CONFIG = {
    "assets": {"BTC": {"coingecko": "bitcoin", "coinbase": "BTC"}},
    "sources": {
        name: {
            "base_url": "https://example.test",
            "requests_per_minute": 5,
            "api_key_header": None,
            "api_key_parameter": None,
        }
        for name in ("coingecko", "coinbase")
    },
    "feeds": FEEDS,
    "alert_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
    "environment": "local",
}


@pytest.fixture
def stack(s3: Any) -> Stack:
    """What Terraform deploys, as far as the command looks at it."""
    aws = Aws(boto3.Session(), "us-east-1", {})
    s3.put_object(Bucket="artifacts", Key="config/1.json", Body=json.dumps(CONFIG).encode())
    sqs, sns = aws.client("sqs"), aws.client("sns")
    names = ("transform", "transform-dlq", "notify", "notify-dlq", "ingest-dlq")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
    outputs = {
        "environment": "test",
        "account_id": "123456789012",
        "raw_bucket": "raw",
        "lake_bucket": "lake",
        "artifacts_bucket": "artifacts",
        "config_key": "config/1.json",
        "functions": {stage: stage for stage in ("ingest", "transform", "refine", "notify", "reconcile")},
        "queues": {
            "ingest": {"url": None, "dlq_url": urls["ingest-dlq"]},
            "transform": {"url": urls["transform"], "dlq_url": urls["transform-dlq"]},
            "notify": {"url": urls["notify"], "dlq_url": urls["notify-dlq"]},
        },
        "topics": {name: sns.create_topic(Name=name)["TopicArn"] for name in ("alerts", "operations")},
        "state_table": "state",
        "database": "coinlake",
        "workgroup": "coinlake",
        "athena_output": "s3://artifacts/athena/",
        "schedules": {"group": "coinlake", "feeds": _schedules(aws), "watch": "watch", "reconcile": "daily"},
    }
    _state_table(aws)
    return Stack.of(outputs, aws)


def _schedules(aws: Aws) -> dict[str, str]:
    scheduler = aws.client("scheduler")
    scheduler.create_schedule_group(Name="coinlake")
    for feed in FEEDS:
        scheduler.create_schedule(
            GroupName="coinlake",
            Name=f"feed-{feed}",
            ScheduleExpression="cron(* * * * ? *)",
            Description="of a feed",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:lambda:us-east-1:1:function:ingest", "RoleArn": "arn:aws:iam::1:role/r"},
        )
    return {feed: f"feed-{feed}" for feed in FEEDS}


def _state_table(aws: Aws) -> None:
    aws.client("dynamodb").create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty queue is answered at once."""
    monkeypatch.setattr("coinlake.queues.WAIT_SECONDS", 0)


@pytest.fixture(autouse=True)
def wide_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are never cut, whatever the terminal or pytest's workers say of their width."""
    monkeypatch.setattr(console, "width", 200)
