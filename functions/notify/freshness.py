"""Whether a feed is late. No clock, no store."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from coinlake.feeds import Feed


@dataclass(frozen=True, slots=True)
class FeedTimes:
    """A feed's newest slot in the lake, since when data of it is expected, and since when it is paused."""

    latest: datetime | None
    expected_since: datetime | None
    paused_since: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """A slot from after the pause shows that the feed runs again: a deployment resumes it too."""
        if self.paused_since is None:
            return False
        return self.latest is None or self.latest <= self.paused_since


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
