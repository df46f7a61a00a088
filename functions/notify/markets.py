"""A file of a refined table was replaced: its newest rows may fire rules.

refine writes many files; what no rule reads is turned away by its key alone.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from coinlake.alert_rules import Kind, MarketRule
from coinlake.config import LakeConfig
from coinlake.errors import BadKey, NotFound
from coinlake.keys import REFINED, Partition, RefinedKey
from coinlake.stores import ObjectStore
from notify.alerts import NEWS_HORIZON, Alert, Outbox, Run, alert_id
from notify.messages import markets as messages
from notify.rules import market_rows
from notify.rules import markets as rules
from notify.rules.market_rows import DAYS, SPREADS, DayRow, SpreadRow
from notify.rules.markets import MarketFiring

# refine derives hourly: what was between two runs is news of the second.
NEWEST: Final = timedelta(hours=1)
MAX_FILE_BYTES: Final = 64 << 20  # a month of 1,000 markets has 3 MB


@dataclass(frozen=True, slots=True)
class MarketAlerts:
    """Checks files of spreads and asset_days against the rules on refined tables."""

    lake: ObjectStore
    outbox: Outbox
    config: LakeConfig

    def on_object(self, key: RefinedKey, run: Run) -> None:
        """Mail what fires on the file's newest rows.

        Raises ``NotFound``, ``TooLarge`` or ``Unreadable`` for a file from which nothing can be read,
        ``StoreUnavailable`` or ``LeaseHeld`` where the event must come again.
        """
        # Yesterday and today: a day is news until the next one is over.
        days = [(run.now - timedelta(days=1)).date(), run.now.date()]
        days = [day for day in days if Partition.month(day) == key.partition]
        firings: Iterable[MarketFiring] = ()
        if days and key.table == SPREADS:
            firings = self.on_newest_spreads(key.partition, run.now)
        elif days and key.table == DAYS:
            firings = self.on_days(days)
        for firing in firings:
            self.outbox.send(alert(firing), run)

    def on_newest_spreads(self, month: Partition, now: datetime) -> Iterator[MarketFiring]:
        """What fires on the last hour of spreads, oldest first, if that is news."""
        rows = self.spreads(month)
        newest = max((row.observed_at for row in rows), default=now)
        oldest = max(newest - NEWEST, now - NEWS_HORIZON)
        return self.on_spreads(row for row in rows if row.observed_at > oldest)

    def spreads(self, month: Partition) -> list[SpreadRow]:
        """The rows that a rule may be about, oldest first; without such a rule nothing is read."""
        spread_rules = self._rules(Kind.SPREAD)
        if not spread_rules:
            return []
        stored = self.lake.get(str(RefinedKey(SPREADS, month)), MAX_FILE_BYTES)
        return market_rows.spreads(stored.body, {rule.asset for rule in spread_rules})

    def on_spreads(self, rows: Iterable[SpreadRow]) -> Iterator[MarketFiring]:
        """What fires on these rows, in their order."""
        spread_rules = self._rules(Kind.SPREAD)
        for row in rows:
            for rule in spread_rules:
                if rules.watches(rule, row) and (firing := rules.spread(rule, row)):
                    yield firing

    def on_days(self, days: Iterable[date]) -> Iterator[MarketFiring]:
        """What fires on these days, oldest first; without such a rule nothing is read."""
        day_rules = self._rules(Kind.VOLUME, Kind.DRAWDOWN, Kind.HIGH, Kind.LOW)
        history = DayHistory(self.lake, frozenset(rule.asset for rule in day_rules))
        for row in history.on(frozenset(days)) if day_rules else ():
            for rule in day_rules:
                if rules.watches(rule, row) and (firing := rules.day(rule, row, history.before(row))):
                    yield firing

    def _rules(self, *kinds: Kind) -> list[MarketRule]:
        return [rule for rule in self.config.market_rules if rule.kind in kinds]


def alert(firing: MarketFiring) -> Alert:
    rule, series = firing.rule, firing.row.series
    return Alert(
        topic=f"alert#{rule.name}#{series}",
        id=alert_id(rule.name, series, firing.at.isoformat()),
        kind=rule.name,
        at=firing.at,
        cooldown=rule.cooldown,
        mail=messages.market_mail(firing),
        value=messages.value(firing),
        condition=messages.condition(rule),
    )


@dataclass(slots=True)
class DayHistory:
    """``asset_days`` of some assets, read month by month and no further than needed.

    It remembers what it read, so it lives as long as one event.
    """

    lake: ObjectStore
    assets: frozenset[str]
    _by_series: dict[Partition, dict[str, list[DayRow]]] = field(default_factory=dict)
    _months: list[Partition] | None = None

    def before(self, day: DayRow) -> Iterator[DayRow]:
        """The market's earlier days that the lake holds, newest first."""
        for month in self._existing(Partition.month(day.dt)):
            for row in reversed(self._month(month).get(day.series, [])):
                if row.dt < day.dt:
                    yield row

    def on(self, days: Collection[date]) -> list[DayRow]:
        """All markets' rows of these days, oldest first."""
        months = sorted({Partition.month(day) for day in days})
        return [
            row for month in months for rows in self._month(month).values() for row in rows if row.dt in days
        ]

    def _existing(self, newest: Partition) -> list[Partition]:
        """The months up to the newest that have a file, newest first."""
        if self._months is None:
            months = (_month_of(key) for key in self.lake.keys(f"{REFINED}{DAYS}/"))
            self._months = sorted((month for month in months if month), reverse=True)
        return [month for month in self._months if month <= newest]

    def _month(self, month: Partition) -> dict[str, list[DayRow]]:
        if month not in self._by_series:
            by_series = self._by_series[month] = {}
            for row in self._read(month):
                by_series.setdefault(row.series, []).append(row)
        return self._by_series[month]

    def _read(self, month: Partition) -> list[DayRow]:
        try:
            body = self.lake.get(str(RefinedKey(DAYS, month)), MAX_FILE_BYTES).body
        except NotFound:
            return []
        return market_rows.days(body, self.assets)


def _month_of(key: str) -> Partition | None:
    try:
        return RefinedKey.parse(key).partition
    except BadKey:
        return None
