"""The feeds of a stack and how fresh they are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from coinlake import keys
from coinlake.errors import BadKey
from coinlake.feeds import Feed
from coinlake.keys import RawKey
from coinlake.schedules import next_run
from ops.stack import Stack


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed's newest slot within the days looked at (None without one), whether it is paused, and, for one
    without a slot, when its schedule is due first after it was made or changed (None: not known)."""

    feed: Feed
    newest: datetime | None
    paused: bool
    first_run: datetime | None = None

    def age(self, now: datetime) -> timedelta | None:
        return now - self.newest if self.newest else None

    def stale(self, now: datetime) -> bool:
        """Whether the newest slot, or the first run, is longer ago than the feed's limit."""
        expected = self.newest or self.first_run
        return expected is None or now - expected > timedelta(minutes=self.feed.stale_after_minutes)

    def condition(self, now: datetime) -> str:
        """``paused``, ``stale``, ``fresh``, or ``waiting`` for the first run."""
        if self.paused:
            return "paused"
        if self.stale(now):
            return "stale"
        return "fresh" if self.newest else "waiting"


def feed_states(stack: Stack, days: Iterable[date]) -> list[FeedState]:
    """The enabled feeds with their newest raw slot of those days, or of so many more as make one late."""
    feeds, days, paused = stack.feeds(), list(days), _paused_feeds(stack)
    listed: dict[tuple[str, str, date], list[RawKey]] = {}
    states = []
    for feed in feeds:
        newest = None
        for day in _days(feed, days):
            dataset = (feed.source, feed.dataset, day)
            if dataset not in listed:
                listed[dataset] = list(raw_keys(stack, *dataset))
            newest = _newest(feed, listed[dataset])
            if newest:
                break
        is_paused = feed.name in paused
        first_run = None if newest or is_paused else _first_run(stack, feed.name)
        states.append(FeedState(feed, newest, is_paused, first_run))
    return states


def _days(feed: Feed, days: Iterable[date]) -> list[date]:
    """The days, newest first, and those before them in which the newest slot of a feed in time may lie."""
    latest = max(days)
    more = timedelta(minutes=feed.stale_after_minutes).days + 2
    return sorted({*days, *(latest - timedelta(days=back) for back in range(more))}, reverse=True)


def _first_run(stack: Stack, feed: str) -> datetime | None:
    """When the feed's schedule is due first after it was made or changed."""
    name = stack.schedules["feeds"].get(feed)
    if not name:
        return None
    scheduler = stack.aws.client("scheduler")
    schedule = scheduler.get_schedule(GroupName=stack.schedules["group"], Name=name)
    since = schedule.get("LastModificationDate") or schedule.get("CreationDate")
    return next_run(schedule["ScheduleExpression"], since.astimezone(UTC)) if since else None


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
