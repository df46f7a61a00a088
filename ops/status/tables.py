"""What ``coinlake status`` shows, as tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich import filesize
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from coinlake.feeds import Feed
from ops.dates import format_duration
from ops.status.feeds import FeedState
from ops.status.report import QueueDepth, Status, Zone


def view(status: Status) -> Iterable[RenderableType]:
    """One table per question; what needs attention is red."""
    yield feeds_table(status)
    yield zones_table(status.zones, status.days)
    if status.reasons:
        yield reasons_table(status.reasons, status.days)
    yield queues_table(status.queues)
    yield from _sent_mails(status)


def feeds_table(status: Status) -> Table:
    table = _table("Feeds", "feed", "source", "dataset", "every", "newest slot (UTC)", "age", "state")
    for state in status.feeds:
        feed, newest = state.feed, state.newest
        shown = f"{newest:%Y-%m-%d %H:%M}" if newest else "none yet"
        age = format_duration(status.now - newest) if newest else "–"
        table.add_row(
            feed.name, feed.source, feed.dataset, feed.interval, shown, age, _condition(state, status)
        )
    for feed in sorted(status.disabled_feeds, key=lambda feed: feed.name):
        state_text = f"off: {escape(feed.off_reason)}" if feed.off_reason else "off"
        table.add_row(feed.name, feed.source, feed.dataset, feed.interval, "", "", state_text, style="dim")
    return table


def _condition(state: FeedState, status: Status) -> str:
    match state.condition(status.now):
        case "paused":
            return "[yellow]paused[/]"
        case "stale":
            return f"[red]stale (over {state.feed.stale_after_minutes} min)[/]"
        case "waiting" if state.first_run:
            day = "" if state.first_run.date() == status.now.date() else f" on {state.first_run:%d %b}"
            return f"first run due at {state.first_run:%H:%M}{day}"
    return "[green]fresh[/]"


def zones_table(zones: Sequence[Zone], days: int) -> Table:
    table = _table("Zones", "zone", ">objects", f">rows, last {days} days", ">bytes")
    for zone in zones:
        rows = "" if zone.rows is None else f"{zone.rows:,}"
        table.add_row(zone.name, f"{zone.objects:,}", rows, filesize.decimal(zone.bytes))
    return table


def reasons_table(reasons: Counter[str], days: int) -> Table:
    table = _table("Quarantine", "reason", f">rows, last {days} days")
    for reason, rows in reasons.most_common():
        table.add_row(escape(reason), f"{rows:,}")
    return table


def queues_table(queues: Sequence[QueueDepth]) -> Table:
    table = _table("Queues", "stage", ">waiting", ">dead letters", "")
    for queue in queues:
        waiting = "" if queue.waiting is None else f"{queue.waiting:,}"
        dead = f"[red]{queue.dead:,}[/]" if queue.dead else "0"
        table.add_row(queue.stage, waiting, dead, f"coinlake redrive {queue.stage}" if queue.dead else "")
    return table


def _sent_mails(status: Status) -> Iterable[RenderableType]:
    for address in status.unconfirmed:
        yield Text(
            f"✉ {address} has not confirmed its subscription; the link is in AWS's mail", style="yellow"
        )
    if not status.alerts:
        yield Text("No mail was sent in the last 30 days.", style="dim")
        return
    yield alerts_table(status.alerts)


def alerts_table(alerts: Sequence[dict[str, Any]]) -> Table:
    table = _table("Last mails", "sent (UTC)", "rule", "subject")
    for alert in alerts:
        sent = str(alert["sk"]).split("#")[0][:19].replace("T", " ")
        table.add_row(sent, escape(str(alert.get("rule", ""))), escape(str(alert.get("subject", ""))))
    return table


def document(status: Status) -> dict[str, Any]:
    """For ``--json``."""
    return {
        "as_of": status.now,
        "days": status.days,
        "feeds": [*(_feed(state, status) for state in status.feeds), *map(_off, status.disabled_feeds)],
        "zones": [
            {"zone": zone.name, "objects": zone.objects, "rows": zone.rows, "bytes": zone.bytes}
            for zone in status.zones
        ],
        "quarantine": [{"reason": reason, "rows": rows} for reason, rows in status.reasons.most_common()],
        "queues": [
            {"stage": queue.stage, "waiting": queue.waiting, "dead_letters": queue.dead}
            for queue in status.queues
        ],
        "unconfirmed_addresses": list(status.unconfirmed),
        "mails": [
            {
                "sent_at": datetime.fromisoformat(str(alert["sk"]).partition("#")[0]),
                "rule": alert.get("rule", ""),
                "subject": alert.get("subject", ""),
            }
            for alert in status.alerts
        ],
    }


def _feed(state: FeedState, status: Status) -> dict[str, Any]:
    feed, age = state.feed, state.age(status.now)
    return {
        "feed": feed.name,
        "source": feed.source,
        "dataset": feed.dataset,
        "interval": feed.interval,
        "state": state.condition(status.now),
        "newest_slot": state.newest,
        "age_seconds": age.total_seconds() if age is not None else None,
        "first_run": state.first_run,
        "stale_after_seconds": feed.stale_after_minutes * 60,
        "off_reason": None,
    }


def _off(feed: Feed) -> dict[str, Any]:
    """A feed that is not enabled."""
    return {
        "feed": feed.name,
        "source": feed.source,
        "dataset": feed.dataset,
        "interval": feed.interval,
        "state": "off",
        "newest_slot": None,
        "age_seconds": None,
        "first_run": None,
        "stale_after_seconds": feed.stale_after_minutes * 60,
        "off_reason": feed.off_reason,
    }


def _table(title: str, *columns: str) -> Table:
    """A table whose ``>column`` is aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    return table
