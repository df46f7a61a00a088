"""The mails about the pipeline itself: a late feed, silence, messages given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from notify.alerts import Mail
from notify.freshness import FeedStatus
from notify.messages import formats
from notify.messages.layout import SETTINGS, mail, section, table

_INFRASTRUCTURE: Final = (
    "Only infrastructure faults end there (bad data goes to quarantine): a missing permission, "
    "throttling, an outage, a wrong setting. The stage's log names the fault."
)
_CAUSES: Final = {
    "ingest": "A source did not answer, or refused: an outage, its rate limit, a wrong API key, a market "
    "that is no longer listed. ingest's log names each request that failed, and what to do."
}


def stale_mail(status: FeedStatus, now: datetime) -> Mail:
    """One feed's data has stopped coming while others' come."""
    feed = status.feed
    return mail(
        f"feed {feed.name} is stale: {_last_data(status, now)}",
        f"The feed {feed.name} is stale: {_last_data(status, now)}.",
        table(
            [
                ("Feed", f"{feed.name} ({feed.source} {feed.dataset}, every {feed.interval})"),
                ("Limit", formats.span(timedelta(minutes=feed.stale_after_minutes))),
                ("Checked", formats.when(now)),
            ]
        ),
        f"Either {feed.source} does not answer, or its answers are unusable, or ingest or transform failed.",
        section("Look further", "coinlake status", f"coinlake pause {feed.name}    (to stop asking)"),
        f"To change the limit, edit stale_after_minutes of the feed in {SETTINGS} and deploy.",
    )


def silence_mail(statuses: Sequence[FeedStatus], now: datetime) -> Mail:
    """No feed at all brings data: the pipeline, not one source, is the likely cause."""
    return mail(
        f"silence: no data from any of {len(statuses)} feeds",
        f"None of the {len(statuses)} feeds delivers data any more.",
        table(
            [
                *((status.feed.name, _last_data(status, now)) for status in statuses),
                ("Checked", formats.when(now)),
            ]
        ),
        "When all feeds stop at once, first check what they share: the schedules, ingest, transform "
        "and the network.",
        section(
            "Look further", "coinlake status", "coinlake reconcile    (raw objects that were never processed)"
        ),
    )


def failures_mail(stage: str, count: int, now: datetime) -> Mail:
    """A stage gave up on messages; they wait in its dead-letter queue."""
    messages = formats.counted(count, "message")
    return mail(
        f"{stage} failed on {messages}",
        f"{stage} failed on {messages} repeatedly and gave up. Nothing is lost: they wait in its "
        "dead-letter queue.",
        table([("Stage", stage), ("Waiting", messages), ("Checked", formats.when(now))]),
        _CAUSES.get(stage, _INFRASTRUCTURE),
        section("Repair", "1. coinlake status", "2. remove the cause", f"3. coinlake redrive {stage}"),
    )


def _last_data(status: FeedStatus, now: datetime) -> str:
    latest, since = status.times.latest, status.times.expected_since
    if latest is not None:
        return f"last data {formats.clock(latest, now)}, {formats.span(now - latest)} ago"
    if since is not None:
        return f"no data yet, expected since {formats.clock(since, now)}, {formats.span(now - since)} ago"
    return "no data yet"
