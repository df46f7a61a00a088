"""The feed that an event names, and the slot that the run is due for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import BadEvent
from coinlake.feeds import Feed

# Answers about now. What carries its own times (candles, sentiment) is as good when asked for late.
SNAPSHOTS: Final = frozenset({"quotes", "prices", "stats", "rates", "assets"})
MAX_SNAPSHOT_AGE: Final = timedelta(hours=1)  # Lambda's own retries of a run end within it


@dataclass(frozen=True, slots=True)
class FeedRun:
    """One feed at one slot time, the same for every retry of the event."""

    feed: Feed
    due: datetime

    @classmethod
    def from_event(cls, event: Any, config: LakeConfig, now: datetime) -> Self:
        """Read ``{"feed": name, "scheduled_time": ISO-8601}``.

        A slot in the future is refused: its candles are still open, and what lands is kept for
        good. Whether a feed runs is its schedule's state; an event that arrives is served.
        """
        fields = event if isinstance(event, dict) else {}
        name, scheduled = fields.get("feed"), fields.get("scheduled_time")
        if not isinstance(name, str) or not isinstance(scheduled, str):
            raise BadEvent("bad_event", 'an ingest event is {"feed": name, "scheduled_time": ISO-8601 time}')
        feed = config.feed(name)
        due = feed.due(intervals.parse_utc(scheduled))
        if due > now:
            raise BadEvent("future_slot", f"feed {name} is due at {due.isoformat()}, which is not yet")
        return cls(feed, due)

    def is_missed(self, now: datetime) -> bool:
        """Whether it is too late: a snapshot taken now would be filed as the slot's."""
        return self.feed.dataset in SNAPSHOTS and now - self.due > MAX_SNAPSHOT_AGE

    def __str__(self) -> str:
        return f"feed {self.feed.name} at {self.due.isoformat()}"
