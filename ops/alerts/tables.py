"""What ``coinlake alerts test`` shows."""

from collections.abc import Sequence
from datetime import date

from rich.markup import escape
from rich.table import Table

from coinlake.config import LakeConfig
from notify.alerts import Alert
from notify.messages import formats
from notify.messages import markets as market_messages
from notify.messages import prices as price_messages
from ops.alerts.rehearsal import Fired


def table(config: LakeConfig, day: date, fired: Sequence[Fired]) -> Table:
    """A line for each rule and market that fires, then the rules that do not."""
    count = formats.counted(sum(one.mails for one in fired), "mail")
    found = Table(title=f"Rules on the data of {day}: {count}, none sent", title_justify="left")
    for head in ("rule", "market", "first", "value", "threshold", "mails", "subject"):
        found.add_column(head, justify="right" if head == "mails" else "left", overflow="fold")
    for one in fired:
        first = one.first
        cells = (one.rule, one.market, f"{first.at:%H:%M}", first.value, first.condition, f"{one.mails:,}")
        found.add_row(*map(escape, (*cells, _subject(first, config.environment))))
    silent = conditions(config).items()
    for name, condition in silent:
        if name not in {one.rule for one in fired}:
            found.add_row(
                f"[dim]{escape(name)}[/]", "", "", "[dim]does not fire[/]", f"[dim]{condition}[/]", "0", ""
            )
    return found


def digest(config: LakeConfig, alert: Alert) -> str:
    """The digest as it would be mailed."""
    return f"Subject: {_subject(alert, config.environment)}\n\n{alert.mail.body}"


def conditions(config: LakeConfig) -> dict[str, str]:
    """What each rule asks for, in words, in the order of their names."""
    words = {rule.name: price_messages.condition(rule) for rule in config.price_rules}
    words |= {rule.name: market_messages.condition(rule) for rule in config.market_rules}
    return dict(sorted(words.items()))


def _subject(alert: Alert, environment: str) -> str:
    return alert.mail.addressed(environment).subject
