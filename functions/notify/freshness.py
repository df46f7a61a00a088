"""Whether a feed is late. No clock, no store."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from coinlake.config import Feed


@dataclass(frozen=True, slots=True)
class FeedTimes:
    """A feed's newest slot in the lake, since when data of it is expected, and whether it is paused."""

    latest: datetime | None
    expected_since: datetime | None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """A feed beside what the state table knows of it."""

    feed: Feed
    times: FeedTimes

    def is_stale(self, now: datetime) -> bool:
        """No slot newer than the feed's limit, and the feed was expected for as long.

        So a fresh deployment and a feed that was paused get their full time before they are late.
        """
        known = [moment for moment in (self.times.latest, self.times.expected_since) if moment]
        limit = timedelta(minutes=self.feed.stale_after_minutes)
        return bool(known) and now - max(known) > limit
