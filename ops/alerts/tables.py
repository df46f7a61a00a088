"""What ``coinlake alerts test`` shows."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from rich.markup import escape
from rich.table import Table

from coinlake.config import LakeConfig
from notify.alerts import Alert
from notify.messages import formats
from notify.messages import markets as market_messages
from notify.messages import prices as price_messages
from ops.alerts.dry_run import FiredRule


def rules_table(config: LakeConfig, day: date, fired: Sequence[FiredRule]) -> Table:
    """A line for each rule and market that fires, then the rules that do not."""
    count = formats.counted(sum(rule.mails for rule in fired), "mail")
    table = Table(title=f"Rules on the data of {day}: {count}, none sent", title_justify="left")
    for head in ("rule", "market", "first", "value", "threshold", "mails", "subject"):
        table.add_column(head, justify="right" if head == "mails" else "left", overflow="fold")
    for rule in fired:
        first = rule.first
        cells = (rule.name, rule.market, f"{first.at:%H:%M}", first.value, first.condition, f"{rule.mails:,}")
        table.add_row(*map(escape, (*cells, _subject(first, config.environment))))
    for name, condition in conditions(config).items():
        if name not in {rule.name for rule in fired}:
            quiet = (escape(name), "", "", "does not fire", escape(condition), "0", "")
            table.add_row(*quiet, style="dim")
    return table


def document(
    config: LakeConfig, day: date, fired: Sequence[FiredRule], digest: Alert | None
) -> dict[str, Any]:
    """For ``--json``: an entry for each rule and market that fires, and one for each rule that does not."""
    firing = [
        {
            "rule": rule.name,
            "market": rule.market,
            "fires": True,
            "first_at": rule.first.at,
            "value": rule.first.value,
            "threshold": rule.first.condition,
            "mails": rule.mails,
            "subject": _subject(rule.first, config.environment),
        }
        for rule in fired
    ]
    silent = {"market": None, "fires": False, "first_at": None, "value": None, "mails": 0, "subject": None}
    others = [
        {"rule": name, **silent, "threshold": condition}
        for name, condition in conditions(config).items()
        if name not in {rule.name for rule in fired}
    ]
    mail = digest and digest.mail.addressed(config.environment)
    shown = {"subject": mail.subject, "body": mail.body} if mail else None
    return {"day": str(day), "rules": [*firing, *others], "digest": shown}


def digest_text(config: LakeConfig, alert: Alert) -> str:
    """The digest as it would be mailed."""
    return f"Subject: {_subject(alert, config.environment)}\n\n{alert.mail.body}"


def conditions(config: LakeConfig) -> dict[str, str]:
    """What each rule asks for, in words, in the order of their names."""
    conditions = {rule.name: price_messages.condition(rule) for rule in config.price_rules}
    conditions |= {rule.name: market_messages.condition(rule) for rule in config.market_rules}
    return dict(sorted(conditions.items()))


def _subject(alert: Alert, environment: str) -> str:
    return alert.mail.addressed(environment).subject
