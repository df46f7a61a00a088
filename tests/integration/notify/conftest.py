"""The notify function at work: its bucket, table, topic and queues, and a mailbox behind the topic."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake.batches import BatchFailed
from coinlake.keys import Partition, RawKey, Slot
from coinlake.records import Rejection, quarantine_lines
from coinlake.s3_events import ObjectRef, created_event
from coinlake.tables import tables
from notify import handler as notify_handler

CONFIG_KEY = "config/test.json"
STAGES = ("ingest", "transform", "notify")


def now() -> datetime:
    """This minute: observations of old times are no news."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def rule(**changes: Any) -> dict[str, Any]:
    level = {"asset": "BTC", "quote": "USD", "source": None, "above": None, "below": None}
    defaults = {"change_percent": None, "window_minutes": 60, "window_days": 30, "cooldown_minutes": 60}
    return level | defaults | changes


def feed(**changes: Any) -> dict[str, Any]:
    quotes = {"source": "coingecko", "dataset": "quotes", "quote": "USD", "interval": "5m", "assets": []}
    return quotes | {"top": 250, "lookback": 1, "stale_after_minutes": 20, "enabled": True} | changes


def configuration() -> dict[str, Any]:
    """As terraform/config.tf renders it."""
    return {
        "assets": {"BTC": {"coingecko": "bitcoin", "coinbase": "BTC"}},
        "sources": {},
        "feeds": {
            "top": feed(),
            "hourly": feed(
                source="coinbase",
                dataset="candles",
                interval="1h",
                assets=["BTC"],
                lookback=24,
                stale_after_minutes=90,
            ),
        },
        "alert_rules": {"btc-high": rule(above=75000)},
        "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
        "private_sources": False,
        "environment": "local",
    }


@dataclass
class Line:
    """Drives the handler and looks at what it did."""

    s3: Any
    dynamodb: Any
    sqs: Any
    mailbox: str
    dead_letters: dict[str, str]
    context: Any
    mails_seen: list[dict[str, str]] = field(default_factory=list)

    def configure(self, document: dict[str, Any]) -> None:
        self.s3.put_object(Bucket="artifacts", Key=CONFIG_KEY, Body=json.dumps(document).encode())
        notify_handler.stage.cache_clear()

    def quotes(self, *rows: dict[str, Any], due: datetime | None = None, page: str = "p1") -> str:
        """Write a trusted page of quotes; each row gives ``price`` and may give the other columns."""
        raw = RawKey("coingecko", "quotes", Slot(due or now(), ("top", "usd", page)))
        defaults = {"source": "coingecko", "base": "BTC", "quote": "USD", "raw_symbol": "bitcoin"}
        common = defaults | {"observed_at": due or now(), "received_at": now(), "raw_key": str(raw)}
        key = str(raw.trusted("quotes", Partition.day(raw.slot.dt)))
        return self._write("quotes", key, [common | row for row in rows])

    def candles(self, end: datetime, closes: list[str], *, closed: bool = True) -> str:
        """Write a trusted window of hourly candles whose last bucket ends at ``end``."""
        raw = RawKey("coinbase", "candles", Slot(end, ("BTC-USD", "1h", "24")))
        defaults = {"source": "coinbase", "base": "BTC", "quote": "USD", "raw_symbol": "BTC-USD"}
        rows = [
            defaults
            | {name: Decimal(close) for name in ("open", "high", "low", "close")}
            | {"open_time": end - timedelta(hours=len(closes) - place), "is_closed": closed}
            | {"received_at": end, "raw_key": str(raw)}
            for place, close in enumerate(closes)
        ]
        return self._write("candles", str(raw.trusted("candles", Partition.month(end, interval="1h"))), rows)

    def _write(self, table: str, key: str, rows: list[dict[str, Any]]) -> str:
        schema = tables()[table].schema
        columns = {
            name: pa.array([_value(row.get(name)) for row in rows], schema.field(name).type)
            for name in schema.names
        }
        body = io.BytesIO()
        pq.write_table(pa.table(columns, schema=schema), body, compression="zstd")
        self.s3.put_object(Bucket="lake", Key=key, Body=body.getvalue())
        return key

    def quarantine(self, *rejections: Rejection, due: datetime | None = None) -> str:
        raw = RawKey("coingecko", "quotes", Slot(due or now(), ("top", "usd", "p1")))
        key = str(raw.quarantine())
        self.s3.put_object(Bucket="lake", Key=key, Body=quarantine_lines(str(raw), rejections))
        return key

    def deliver(self, *bodies: str) -> list[str]:
        """One batch of messages; which of them, ``m0``, ``m1``…, must come again."""
        records = [{"messageId": f"m{place}", "body": body} for place, body in enumerate(bodies)]
        try:
            answer = notify_handler.handler({"Records": records}, self.context)
        except BatchFailed:
            return [record["messageId"] for record in records]
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def announce(self, *keys: str) -> list[str]:
        """Deliver the events of objects in the lake."""
        return self.deliver(*(created_event(ObjectRef("lake", key)) for key in keys))

    def watch(self, time: datetime) -> None:
        notify_handler.handler({"watch": time.isoformat()}, self.context)

    def mails(self) -> list[dict[str, str]]:
        """All mails so far, oldest first, with ``Subject`` and ``Message``."""
        while messages := self.sqs.receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                self.mails_seen.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.mailbox, ReceiptHandle=message["ReceiptHandle"])
        return self.mails_seen

    def items(self, pk: str) -> list[dict[str, Any]]:
        answer = self.dynamodb.query(
            TableName="state", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": pk}}
        )
        return list(answer["Items"])


def _value(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value[:1].isdigit() else value


@pytest.fixture
def line(s3: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    sqs, sns, dynamodb = boto3.client("sqs"), boto3.client("sns"), boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("mailbox", *STAGES)}
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:mailbox")
    dead_letters = {stage: urls[stage] for stage in STAGES}
    for name, value in {
        "LAKE_BUCKET": "lake",
        "CONFIG_BUCKET": "artifacts",
        "CONFIG_KEY": CONFIG_KEY,
        "STATE_TABLE": "state",
        "ALERTS_TOPIC_ARN": topic,
        "DEAD_LETTER_QUEUES": json.dumps(dead_letters),
        "POWERTOOLS_SERVICE_NAME": "notify",
    }.items():
        monkeypatch.setenv(name, value)
    line = Line(s3, dynamodb, sqs, urls["mailbox"], dead_letters, context)
    line.configure(configuration())
    yield line
    notify_handler.stage.cache_clear()
