"""What a stack holds and how fresh it is, read from its buckets, queues, topics and state table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from coinlake import items, keys
from coinlake.errors import NotFound
from coinlake.feeds import Feed
from coinlake.keys import Partition
from coinlake.records import LedgerEntry
from coinlake.stores import ObjectStore
from ops.listing import entries
from ops.stack import Stack
from ops.status.feeds import FeedState, feed_states

THREADS: Final = 16
MAX_LEDGER_BYTES: Final = 1 << 20
MAX_ALERTS: Final = 5


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: all its objects and bytes; ``rows`` as the ledger counts them, None where it does not."""

    name: str
    objects: int
    bytes: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """What the ledger says of some days: rows trusted and quarantined, and the reasons of the latter."""

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
    """Everything that ``coinlake status`` shows, as of ``now`` (aware UTC).

    ``feeds`` are enabled, ``disabled_feeds`` are not; ``alerts`` are entries of notify's log of sent mails.
    """

    now: datetime
    days: int
    feeds: Sequence[FeedState]
    disabled_feeds: Sequence[Feed]
    zones: Sequence[Zone]
    reasons: Counter[str]
    queues: Sequence[QueueDepth]
    unconfirmed: Sequence[str]
    alerts: Sequence[dict[str, Any]]


def read(stack: Stack, now: datetime, days: int) -> Status:
    """Look at the stack as of ``now``; rows are counted over the last ``days`` days."""
    recent = [now.date() - timedelta(days=back) for back in range(days)]
    totals = ledger_totals(stack, recent)
    return Status(
        now=now,
        days=days,
        feeds=feed_states(stack, recent),
        disabled_feeds=[feed for feed in stack.config().feeds.values() if not feed.enabled],
        zones=zones(stack, totals),
        reasons=totals.reasons,
        queues=queue_depths(stack),
        unconfirmed=unconfirmed_addresses(stack),
        alerts=last_alerts(stack, MAX_ALERTS),
    )


def zones(stack: Stack, totals: LedgerTotals) -> list[Zone]:
    """Objects and bytes of every zone, listed; rows from the ledger."""
    rows = {keys.RAW: totals.rows_in, keys.TRUSTED: totals.trusted, keys.QUARANTINE: totals.quarantined}
    prefixes = [
        (stack.raw, keys.RAW),
        *((stack.lake, zone) for zone in (keys.TRUSTED, keys.QUARANTINE, keys.LEDGER, keys.GAPS)),
    ]
    counted = []
    for store, prefix in prefixes:
        sizes = [entry.size for entry in entries(store, prefix)]
        counted.append(Zone(prefix.rstrip("/"), len(sizes), sum(sizes), rows.get(prefix)))
    return counted


def ledger_totals(stack: Stack, days: Iterable[date]) -> LedgerTotals:
    """Read the ledger entries of those days, 16 at a time."""
    partitions = [Partition.day(day) for day in days]
    entry_keys = [
        key
        for source in stack.lake.folders(keys.LEDGER)
        for dataset in stack.lake.folders(source)
        for partition in partitions
        for key in stack.lake.keys(partition.prefix(dataset))
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        read_entries = [entry for entry in pool.map(partial(_ledger_entry, stack.lake), entry_keys) if entry]
    return LedgerTotals(
        trusted=sum(entry.rows_trusted for entry in read_entries),
        quarantined=sum(entry.rows_quarantined for entry in read_entries),
        reasons=sum((Counter(entry.reasons) for entry in read_entries), Counter()),
    )


def _ledger_entry(lake: ObjectStore, key: str) -> LedgerEntry | None:
    """The entry, or None if it was deleted while the ledger was listed."""
    try:
        return LedgerEntry.from_json(lake.get(key, MAX_LEDGER_BYTES).body)
    except NotFound:
        return None


def queue_depths(stack: Stack) -> list[QueueDepth]:
    """Messages waiting or being worked on, by stage; SQS counts approximately."""
    return [
        QueueDepth(
            stage,
            stack.queue(stage).depth(in_flight=True) if urls.get("url") else None,
            stack.dead_letters(stage).depth(in_flight=True),
        )
        for stage, urls in sorted(stack.queues.items())
    ]


def unconfirmed_addresses(stack: Stack) -> list[str]:
    """Mail addresses that have not clicked the link in AWS's confirmation mail."""
    pages = stack.aws.client("sns").get_paginator("list_subscriptions_by_topic")
    addresses = {
        subscription["Endpoint"]
        for topic in ("alerts", "operations")
        for page in pages.paginate(TopicArn=stack.topics[topic])
        for subscription in page["Subscriptions"]
        if subscription["Protocol"] == "email" and not subscription["SubscriptionArn"].startswith("arn:")
    }
    return sorted(addresses)


def last_alerts(stack: Stack, count: int) -> list[dict[str, Any]]:
    """The newest entries of notify's log of sent mails: ``sk`` (time#id), ``subject``, ``rule``."""
    response = stack.aws.client("dynamodb").query(
        TableName=stack.state_table,
        KeyConditionExpression="pk = :sent",
        ExpressionAttributeValues=items.serialize({":sent": "sent"}),
        ScanIndexForward=False,
        Limit=count,
    )
    return [items.deserialize(item) for item in response["Items"]]
