"""The five-minute watch: what must be noticed although, or because, nothing arrives; and the digest.

Its time is the scheduled one, so that the same watch, delivered twice, finds and mails the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

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

_Result = TypeVar("_Result")


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
        attempts = _Attempts()
        statuses = attempts.results(partial(self._status, feed, now) for feed in self._feeds(enabled=True))
        # A feed that the configuration switches off is expected from its resumption at the earliest.
        attempts.results(
            partial(self.state.expect_from, feed.name, now) for feed in self._feeds(enabled=False)
        )
        depths = attempts.results(partial(self._depth, stage) for stage in self.dead_letters.urls)
        alerts = [*self._stale(statuses, now), *self._failures(depths, now)]
        attempts.results(partial(self.outbox.send, alert, run) for alert in alerts)
        attempts.results([partial(self.digest.send, now, run)])
        if attempts.faults:
            raise WatchIncomplete(
                f"the watch could not check or mail everything: {'; '.join(attempts.faults)}"
            )
        metrics.add_metric("WatchCompleted", MetricUnit.Count, 1)

    def _feeds(self, *, enabled: bool) -> list[Feed]:
        return [feed for feed in self.config.feeds.values() if feed.enabled is enabled]

    def _status(self, feed: Feed, now: datetime) -> FeedStatus:
        """What is known of a feed; it is expected from the first watch that sees it run."""
        times = self.state.feed_times(feed.name)
        if times.is_paused or times.expected_since is None:
            self.state.expect_from(feed.name, now)
            times = replace(times, expected_since=now)
        return FeedStatus(feed, times)

    def _depth(self, stage: str) -> tuple[str, int]:
        return stage, self.dead_letters.depth(stage)

    def _stale(self, statuses: list[FeedStatus], now: datetime) -> Iterator[Alert]:
        if not self.config.notices.stale:
            return
        stale = [status for status in statuses if status.is_stale(now)]
        if len(stale) > 1 and len(stale) == len(self._feeds(enabled=True)):
            yield self._notice("silence", "all", silence_mail(stale, now), now)
            return
        for status in stale:
            yield self._notice("stale", status.feed.name, stale_mail(status, now), now)

    def _failures(self, depths: list[tuple[str, int]], now: datetime) -> Iterator[Alert]:
        if not self.config.notices.failures:
            return
        for stage, count in depths:
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


@dataclass(frozen=True, slots=True)
class _Attempts:
    """Runs actions one by one and keeps the sentences of those that failed."""

    faults: list[str] = field(default_factory=list)

    def results(self, actions: Iterable[Callable[[], _Result]]) -> list[_Result]:
        """The results of the actions that succeeded."""
        results = []
        for action in actions:
            try:
                results.append(action())
            except CoinlakeError as fault:
                logger.warning("check failed", reason=str(fault))
                self.faults.append(str(fault))
        return results
