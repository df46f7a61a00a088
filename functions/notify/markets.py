"""A part of a refined table was replaced: its newest rows may fire rules.

refine tells of every part that it writes; what no rule reads is turned away by its key alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from coinlake.alert_rules import Kind, MarketRule
from coinlake.config import LakeConfig
from coinlake.keys import parse_refined, refined_key
from coinlake.stores import ObjectStore
from notify import market_messages, market_rows, market_rules
from notify.alerts import NEWS_HORIZON, Alert, Outbox, Run, alert_id
from notify.history import MAX_PART_BYTES, History
from notify.market_rows import DAYS, SPREADS, Spread
from notify.market_rules import MarketFiring

# refine derives hourly: what was between two runs is news of the second.
NEWEST: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MarketWatch:
    """Checks parts of spreads and asset_days against the rules on refined tables."""

    lake: ObjectStore
    sender: Outbox
    config: LakeConfig

    def inspect(self, key: str, run: Run) -> None:
        """Mail what fires on the part's newest rows.

        Raises ``BadKey`` for a key outside the layout, ``NotFound``, ``TooLarge`` or ``Unreadable``
        for a part that tells nothing, ``StoreUnavailable`` or ``LeaseHeld`` where the event must
        come again.
        """
        table, partition = parse_refined(key)
        days = _days(run.now)
        if partition not in {f"month={day:%Y-%m}" for day in days}:
            return
        if table == SPREADS:
            found = self.newest_spreads(partition, run.now)
        elif table == DAYS:
            found = self.on_days(tuple(day for day in days if partition == f"month={day:%Y-%m}"))
        else:
            return
        for firing in found:
            self.sender.send(alert(firing), run)

    def newest_spreads(self, partition: str, now: datetime) -> Iterator[MarketFiring]:
        """What fires on the last hour of spreads, oldest first, if that is news."""
        rows = self.spreads(partition)
        newest = max((row.observed_at for row in rows), default=now)
        oldest = max(newest - NEWEST, now - NEWS_HORIZON)
        return self.on_spreads(row for row in rows if row.observed_at > oldest)

    def spreads(self, partition: str) -> list[Spread]:
        """The rows that a rule may be about, oldest first; without such a rule nothing is read."""
        rules = self._rules(Kind.SPREAD)
        if not rules:
            return []
        stored = self.lake.get(refined_key(SPREADS, partition), MAX_PART_BYTES)
        return market_rows.spreads(stored.body, {rule.asset for rule in rules})

    def on_spreads(self, rows: Iterable[Spread]) -> Iterator[MarketFiring]:
        rules = self._rules(Kind.SPREAD)
        for row in rows:
            for rule in rules:
                if market_rules.watches(rule, row) and (firing := market_rules.spread(rule, row)):
                    yield firing

    def on_days(self, days: tuple[date, ...]) -> Iterator[MarketFiring]:
        """What fires on these days, oldest first; without such a rule nothing is read."""
        rules = self._rules(Kind.VOLUME, Kind.DRAWDOWN, Kind.HIGH, Kind.LOW)
        history = History(self.lake, frozenset(rule.asset for rule in rules))
        for row in history.on(days) if rules else ():
            for rule in rules:
                if market_rules.watches(rule, row):
                    firing = market_rules.day(rule, row, history.before(row))
                    if firing:
                        yield firing

    def _rules(self, *kinds: Kind) -> list[MarketRule]:
        return [rule for rule in self.config.market_rules if rule.kind in kinds]


def alert(firing: MarketFiring) -> Alert:
    rule, series = firing.rule, firing.market.series
    return Alert(
        topic=f"alert#{rule.name}#{series}",
        id=alert_id(rule.name, series, firing.at.isoformat()),
        kind=rule.name,
        at=firing.at,
        cooldown=rule.cooldown,
        message=market_messages.market(firing),
        value=market_messages.value(firing),
        condition=market_messages.condition(rule),
    )


def _days(now: datetime) -> tuple[date, ...]:
    """Yesterday and today: a day is news until the next one is over."""
    return (now - timedelta(days=1)).date(), now.date()
