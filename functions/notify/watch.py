"""The five-minute watch: what must be noticed although, or because, nothing arrives; and the digest.

Its time is the scheduled one, so that the same watch, delivered twice, finds and mails the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import CoinlakeError
from coinlake.feeds import Feed
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.queues import DeadLetterQueues
from notify.alerts import Alert, Mail, Outbox, Run, alert_id
from notify.digest import DailyDigest
from notify.freshness import FeedStatus
from notify.messages.pipeline import failures_mail, silence_mail, stale_mail
from notify.state import State


class WatchIncomplete(CoinlakeError):
    """Something could not be checked or mailed: the next watch, then the watch's alarm, see to it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Checks each feed's freshness and each dead-letter queue, and sees to the daily digest."""

    state: State
    dead_letters: DeadLetterQueues
    outbox: Outbox
    config: LakeConfig
    digest: DailyDigest

    def check(self, time: object, run: Run) -> None:
        """Check everything, mail what is wrong, and count WatchCompleted, the heartbeat.

        One failing check never keeps the others from running; in the end it raises
        ``WatchIncomplete``, and no heartbeat is counted.
        """
        now = intervals.parse_utc(str(time))
        faults: list[str] = []
        statuses: list[FeedStatus] = []
        depths: dict[str, int] = {}
        for feed in self.config.feeds.values():
            with _collecting(faults):
                if feed.enabled:
                    statuses.append(self._status(feed, now))
                else:  # it is expected from its resumption at the earliest
                    self.state.expect_from(feed.name, now)
        for stage in self.dead_letters.urls:
            with _collecting(faults):
                depths[stage] = self.dead_letters.depth(stage)
        for alert in [*self._stale(statuses, now), *self._failures(depths, now)]:
            with _collecting(faults):
                self.outbox.send(alert, run)
        with _collecting(faults):
            self.digest.send(now, run)
        if faults:
            raise WatchIncomplete(f"the watch could not check or mail everything: {'; '.join(faults)}")
        metrics.add_metric("WatchCompleted", MetricUnit.Count, 1)

    def _status(self, feed: Feed, now: datetime) -> FeedStatus:
        """What is known of a feed; it is expected from the first watch that sees it run."""
        times = self.state.feed_times(feed.name)
        if times.is_paused or times.expected_since is None:
            self.state.expect_from(feed.name, now)
            times = replace(times, expected_since=now)
        return FeedStatus(feed, times)

    def _stale(self, statuses: list[FeedStatus], now: datetime) -> Iterator[Alert]:
        if not self.config.notices.stale:
            return
        stale = [status for status in statuses if status.is_stale(now)]
        enabled = sum(feed.enabled for feed in self.config.feeds.values())
        if len(stale) > 1 and len(stale) == enabled:
            yield self._notice("silence", "all", silence_mail(stale, now), now)
            return
        for status in stale:
            yield self._notice("stale", status.feed.name, stale_mail(status, now), now)

    def _failures(self, depths: Mapping[str, int], now: datetime) -> Iterator[Alert]:
        if not self.config.notices.failures:
            return
        for stage, count in depths.items():
            if count:
                yield self._notice("failures", stage, failures_mail(stage, count, now), now)

    def _notice(self, kind: str, subject: str, mail: Mail, now: datetime) -> Alert:
        return Alert(
            topic=f"notice#{kind}#{subject}",
            id=alert_id(kind, subject, now.isoformat()),
            kind=kind,
            at=now,
            cooldown=self.config.notices.cooldown,
            mail=mail,
        )


@contextmanager
def _collecting(faults: list[str]) -> Iterator[None]:
    """Let the next check run although this one fails; its sentence joins the ``faults``."""
    try:
        yield
    except CoinlakeError as fault:
        logger.warning("check failed", reason=str(fault))
        faults.append(str(fault))
