"""data/health.json: the pipeline's health. A few calls a run, whatever the lake holds.

Notify's state table holds the feeds' freshness and the mails that went out (functions/notify/state.py has
its layout); listings of 24 hours give the quarantine, and the newest of its objects the reasons.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from coinlake.config import LakeConfig
from coinlake.errors import NotFound, StoreUnavailable, TooLarge
from coinlake.feeds import Feed
from coinlake.items import batch_get, deserialize, serialize
from coinlake.keys import quarantined_since
from coinlake.queues import DeadLetterQueues
from coinlake.records import parse_quarantine
from coinlake.schedules import next_run
from coinlake.stores import ObjectStore, error_code
from refine.dashboard.documents import Row, body, seconds

FILE: Final = "health.json"
MAX_MAILS: Final = 10
QUARANTINE_SPAN: Final = timedelta(hours=24)
MAX_QUARANTINE_OBJECTS: Final = 20  # the newest, of each source and dataset: the reasons are theirs
_MAX_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class HealthReader:
    """Where the pipeline's health is read from; ``state_table`` is notify's."""

    dynamodb: Any
    state_table: str
    queues: DeadLetterQueues
    lake: ObjectStore

    def feed_times(self, feeds: Iterable[str]) -> dict[tuple[str, str], datetime]:
        """A feed's newest slot (``latest``), since when it is expected (``first_seen``) or ``paused``.

        By feed and word; the watch has not seen a feed of the last five minutes.
        """
        words = ("latest", "first_seen", "paused")
        keys = [{"pk": f"feed#{feed}", "sk": word} for feed in feeds for word in words]
        return {
            (item["pk"].removeprefix("feed#"), item["sk"]): datetime.fromisoformat(
                item.get("slot_time") or item["since"]
            )
            for item in batch_get(self.dynamodb, self.state_table, keys, "the feeds")
        }

    def mails(self) -> list[Row]:
        """The newest mails that went out."""
        try:
            response = self.dynamodb.query(
                TableName=self.state_table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=serialize({":pk": "sent"}),
                ScanIndexForward=False,
                Limit=MAX_MAILS,
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(
                f"could not read the mails in table {self.state_table}: {error_code(error)}"
            ) from error
        return [
            {
                "sent_at": seconds(datetime.fromisoformat(item["sk"].partition("#")[0])),
                "subject": item["subject"],
            }
            for item in map(deserialize, response["Items"])
        ]

    def dead_letters(self) -> list[Row]:
        """How many messages wait in each dead-letter queue, as SQS counts."""
        return [{"stage": stage, "messages": self.queues.depth(stage)} for stage in self.queues.urls]

    def rejected(self, feeds: Iterable[Feed], now: datetime) -> list[Row]:
        """Rows rejected in 24 hours by source, dataset and reason, of the newest objects of each."""
        rows: list[Row] = []
        for source, dataset in sorted({(feed.source, feed.dataset) for feed in feeds if feed.enabled}):
            prefix, start = quarantined_since(source, dataset, now - QUARANTINE_SPAN)
            keys = list(self.lake.keys(prefix, start_after=start))
            codes = Counter(code for key in keys[-MAX_QUARANTINE_OBJECTS:] for code in self._codes(key))
            rows += [
                {"source": source, "dataset": dataset, "code": code, "rows": count}
                for code, count in sorted(codes.items())
            ]
        return rows

    def _codes(self, key: str) -> list[str]:
        try:
            stored = self.lake.get(key, _MAX_BYTES)
        except (NotFound, TooLarge):
            return []
        return [rejection.code for rejection in parse_quarantine(stored.body)]


def health(config: LakeConfig, reader: HealthReader, gaps: pa.Table, now: datetime) -> bytes:
    """The file; ``gaps`` are those of the last months, with their ``interval``."""
    feeds = list(config.feeds.values())
    times = reader.feed_times(feed.name for feed in feeds)
    return body(
        {
            "generated_at": seconds(now),
            "environment": config.environment,
            "feeds": [_feed(feed, times, now) for feed in feeds],
            "quarantine_hours": QUARANTINE_SPAN // timedelta(hours=1),
            "quarantine": reader.rejected(feeds, now),
            "gaps": _gaps(gaps.to_pylist()),
            "dead_letters": reader.dead_letters(),
            "mails": reader.mails(),
        }
    )


def _feed(feed: Feed, times: Mapping[tuple[str, str], datetime], now: datetime) -> Row:
    since = times.get((feed.name, "first_seen"), now)
    latest, paused = times.get((feed.name, "latest")), times.get((feed.name, "paused"))
    fields = ("name", "source", "dataset", "interval", "enabled", "off_reason", "stale_after_minutes")
    return {
        **{name: getattr(feed, name) for name in fields},
        # A slot from after the pause shows that the feed runs again, as after a deployment.
        "paused": paused is not None and (latest is None or latest <= paused),
        "newest_slot": seconds(latest),
        "first_run": seconds(next_run(feed.schedule, since)) if feed.schedule and not latest else None,
    }


def _gaps(rows: Sequence[Row]) -> list[Row]:
    """How many buckets of each market and interval are in each state but ``present``."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        market = tuple(row[name] for name in ("source", "base", "quote", "interval"))
        counts[*market, row["state"]] += row["buckets"]
    names = ("source", "base", "quote", "interval", "status")
    return [
        dict(zip(names, key, strict=True)) | {"buckets": buckets}
        for key, buckets in sorted(counts.items())
        if key[-1] != "present"
    ]
