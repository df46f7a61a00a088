"""data/health.json: how the line does. A few calls a run, whatever the lake holds.

Notify's state table tells of the feeds and of what was mailed (functions/notify/state.py has its
layout); listings of one day tell of quarantine, and the newest of its objects of the reasons.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from coinlake.config import LakeConfig
from coinlake.errors import NotFound, StoreUnavailable, TooLarge
from coinlake.feeds import Feed
from coinlake.items import items
from coinlake.keys import quarantine_prefix
from coinlake.queues import DeadLetterQueues
from coinlake.records import parse_quarantine
from coinlake.stores import ObjectStore, error_code
from refine.publish.documents import body, seconds

FILE: Final = "health.json"
MAILS: Final = 10
QUARANTINE_OBJECTS: Final = 20  # a day's newest, of each source and dataset: the reasons are theirs
_MAX_BYTES: Final = 8 << 20
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What there is to ask."""

    dynamodb: Any
    state_table: str
    queues: DeadLetterQueues
    lake: ObjectStore

    def feed_times(self, feeds: Iterable[str]) -> dict[tuple[str, str], datetime]:
        """When a feed's newest slot was due (``latest``) and since when it is paused, by feed and word."""
        wanted = [_key(f"feed#{feed}", word) for feed in feeds for word in ("latest", "paused")]
        found: dict[tuple[str, str], datetime] = {}
        for item in items(self.dynamodb, self.state_table, wanted, "the feeds"):
            moment = item.get("slot_time") or item["since"]
            place = (item["pk"]["S"].removeprefix("feed#"), item["sk"]["S"])
            found[place] = datetime.fromisoformat(moment["S"])
        return found

    def mails(self) -> list[Row]:
        """The newest mails that went out."""
        with _translated(f"read the mails in table {self.state_table}"):
            answer = self.dynamodb.query(
                TableName=self.state_table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": "sent"}},
                ScanIndexForward=False,
                Limit=MAILS,
            )
        return [
            {"sent_at": _moment(item["sk"]["S"].partition("#")[0]), "subject": item["subject"]["S"]}
            for item in answer["Items"]
        ]

    def dead_letters(self) -> list[Row]:
        """How many messages wait in each dead-letter queue, as SQS counts."""
        return [{"stage": stage, "messages": self.queues.depth(stage)} for stage in self.queues.urls]

    def rejected(self, feeds: Iterable[Feed], now: datetime) -> list[Row]:
        """Today's rejected rows by source, dataset and reason, of the newest objects of each."""
        found: list[Row] = []
        for source, dataset in sorted({(feed.source, feed.dataset) for feed in feeds if feed.enabled}):
            keys = list(self.lake.keys(quarantine_prefix(source, dataset, now.date())))
            codes = Counter(code for key in keys[-QUARANTINE_OBJECTS:] for code in self._codes(key))
            names = {"source": source, "dataset": dataset}
            found += [{**names, "code": code, "rows": rows} for code, rows in sorted(codes.items())]
        return found

    def _codes(self, key: str) -> list[str]:
        try:
            stored = self.lake.get(key, _MAX_BYTES)
        except (NotFound, TooLarge):
            return []
        return [rejection.code for rejection in parse_quarantine(stored.body)]


def health(config: LakeConfig, pipeline: Pipeline, gaps: pa.Table, now: datetime) -> bytes:
    """The file; ``gaps`` are those of the last months, with their ``interval``."""
    feeds = list(config.feeds.values())
    times = pipeline.feed_times(feed.name for feed in feeds)
    return body(
        {
            "generated_at": seconds(now),
            "environment": config.environment,
            "feeds": [_feed(feed, times) for feed in feeds],
            "quarantine": pipeline.rejected(feeds, now),
            "gaps": _gaps(gaps.to_pylist()),
            "dead_letters": pipeline.dead_letters(),
            "mails": pipeline.mails(),
        }
    )


def _feed(feed: Feed, times: Mapping[tuple[str, str], datetime]) -> Row:
    latest, paused = times.get((feed.name, "latest")), times.get((feed.name, "paused"))
    named = ("name", "source", "dataset", "interval", "enabled", "off_reason", "stale_after_minutes")
    return {
        **{name: getattr(feed, name) for name in named},
        # A slot from after the pause shows that the feed runs again, as after a deployment.
        "paused": paused is not None and (latest is None or latest <= paused),
        "newest_slot": seconds(latest),
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


def _key(pk: str, sk: str) -> Row:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _moment(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(f"could not {doing}: {error_code(error)}") from error
