"""What a stack holds and how it does: read from the buckets, queues, topics and state table."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from coinlake import keys
from coinlake.errors import NotFound
from coinlake.feeds import Feed
from coinlake.records import LedgerEntry
from ops.listing import Entry, entries
from ops.stack import Stack
from ops.status.feeds import FeedState, feed_states

THREADS: Final = 16
LEDGER_BYTES: Final = 1 << 20
ALERTS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: all its objects and bytes; ``rows`` as the ledger counts them, None where it does not."""

    name: str
    objects: int
    bytes: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class Work:
    """The ledger of some days: rows trusted and quarantined, and the reasons of the latter."""

    trusted: int
    quarantined: int
    reasons: Counter[str]

    @property
    def rows_in(self) -> int:
        return self.trusted + self.quarantined


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Messages in a stage's queue (None: it has none) and in its dead-letter queue."""

    stage: str
    waiting: int | None
    dead: int


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that ``coinlake status`` shows, as of ``now`` (aware UTC); ``off`` are feeds too."""

    now: datetime
    days: int
    feeds: Sequence[FeedState]
    off: Sequence[Feed]
    zones: Sequence[Zone]
    reasons: Counter[str]
    queues: Sequence[QueueDepth]
    unconfirmed: Sequence[str]
    alerts: Sequence[dict[str, Any]]


def read(stack: Stack, now: datetime, days: int) -> Status:
    """Look at the stack as of ``now``; rows are counted over the last ``days`` days."""
    recent = [now.date() - timedelta(days=back) for back in range(days)]
    done = work(stack, recent)
    return Status(
        now=now,
        days=days,
        feeds=feed_states(stack, recent),
        off=[feed for feed in stack.config().feeds.values() if not feed.enabled],
        zones=zones(stack, done),
        reasons=done.reasons,
        queues=queue_depths(stack),
        unconfirmed=unconfirmed(stack),
        alerts=last_alerts(stack, ALERTS_SHOWN),
    )


def zones(stack: Stack, done: Work) -> list[Zone]:
    """Objects and bytes of every zone, listed; rows from the ledger."""
    rows = {keys.RAW: done.rows_in, keys.TRUSTED: done.trusted, keys.QUARANTINE: done.quarantined}
    places = [
        (stack.raw, keys.RAW),
        *((stack.lake, zone) for zone in (keys.TRUSTED, keys.QUARANTINE, keys.LEDGER, keys.GAPS)),
    ]
    return [_zone(prefix, list(entries(store, prefix)), rows.get(prefix)) for store, prefix in places]


def _zone(prefix: str, found: list[Entry], rows: int | None) -> Zone:
    return Zone(prefix.rstrip("/"), len(found), sum(entry.size for entry in found), rows)


def work(stack: Stack, days: Iterable[date]) -> Work:
    """Read the ledger entries of those days, 16 at a time."""
    days = list(days)
    found = [
        key
        for folder in _ledger_folders(stack)
        for day in days
        for key in stack.lake.keys(f"{folder}dt={day}/")
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        read_entries = [entry for entry in pool.map(lambda key: ledger_entry(stack, key), found) if entry]
    return Work(
        trusted=sum(entry.rows_trusted for entry in read_entries),
        quarantined=sum(entry.rows_quarantined for entry in read_entries),
        reasons=sum((Counter(entry.reasons) for entry in read_entries), Counter()),
    )


def _ledger_folders(stack: Stack) -> Iterable[str]:
    for source in stack.lake.folders(keys.LEDGER):
        yield from stack.lake.folders(source)


def ledger_entry(stack: Stack, key: str) -> LedgerEntry | None:
    """The entry, or None if it went while the ledger was listed."""
    try:
        return LedgerEntry.from_json(stack.lake.get(key, LEDGER_BYTES).body)
    except NotFound:
        return None


def queue_depths(stack: Stack) -> list[QueueDepth]:
    return [
        QueueDepth(
            stage, depth(stack, urls["url"]) if urls.get("url") else None, depth(stack, urls["dlq_url"])
        )
        for stage, urls in sorted(stack.queues.items())
    ]


def depth(stack: Stack, url: str | None) -> int:
    """Messages waiting or being worked on; SQS counts approximately."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    answer = stack.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
    return sum(int(answer["Attributes"][name]) for name in names)


def unconfirmed(stack: Stack) -> list[str]:
    """Mail addresses that have not clicked the link in AWS's confirmation mail."""
    pages = stack.aws.client("sns").get_paginator("list_subscriptions_by_topic")
    found = {
        subscription["Endpoint"]
        for topic in ("alerts", "operations")
        for page in pages.paginate(TopicArn=stack.topics[topic])
        for subscription in page["Subscriptions"]
        if subscription["Protocol"] == "email" and not subscription["SubscriptionArn"].startswith("arn:")
    }
    return sorted(found)


def last_alerts(stack: Stack, count: int) -> list[dict[str, Any]]:
    """The newest entries of notify's log of sent mails: ``sk`` (time#id), ``subject``, ``rule``."""
    answer = stack.aws.client("dynamodb").query(
        TableName=stack.state_table,
        KeyConditionExpression="pk = :sent",
        ExpressionAttributeValues={":sent": {"S": "sent"}},
        ScanIndexForward=False,
        Limit=count,
    )
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in answer["Items"]]


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
