"""The feeds of a stack and how fresh they are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coinlake import keys
from coinlake.errors import BadKey
from coinlake.feeds import Feed
from coinlake.keys import RawKey
from ops.stack import Stack


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed's newest slot within the days looked at (None without one), and whether it is paused."""

    feed: Feed
    newest: datetime | None
    paused: bool

    def age(self, now: datetime) -> timedelta | None:
        return now - self.newest if self.newest else None

    def stale(self, now: datetime) -> bool:
        age = self.age(now)
        return age is None or age > timedelta(minutes=self.feed.stale_after_minutes)


def feed_states(stack: Stack, days: Iterable[date]) -> list[FeedState]:
    """The enabled feeds with their newest raw slot of those days."""
    feeds, days = stack.feeds(), list(days)
    datasets = {(feed.source, feed.dataset) for feed in feeds}
    slots = {dataset: [key for day in days for key in raw_keys(stack, *dataset, day)] for dataset in datasets}
    paused = _paused_feeds(stack)
    return [
        FeedState(feed, _newest(feed, slots[feed.source, feed.dataset]), feed.name in paused)
        for feed in feeds
    ]


def raw_keys(stack: Stack, source: str, dataset: str, day: date) -> Iterator[RawKey]:
    """The raw objects of one day."""
    for key in stack.raw.keys(keys.raw_prefix(source, dataset, day)):
        try:
            yield RawKey.parse(key)
        except BadKey:
            continue  # reconcile reports foreign objects


def _newest(feed: Feed, raw: Iterable[RawKey]) -> datetime | None:
    return max((key.slot.time for key in raw if feed.owns(key.source, key.dataset, key.slot)), default=None)


def _paused_feeds(stack: Stack) -> set[str]:
    scheduler, group = stack.aws.client("scheduler"), stack.schedules["group"]
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group, State="DISABLED")
    disabled = {schedule["Name"] for page in pages for schedule in page["Schedules"]}
    return {feed for feed, name in stack.schedules["feeds"].items() if name in disabled}
