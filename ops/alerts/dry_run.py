"""Which rules would fire on a day's data: notify's own rules, over the lake, with nothing sent.

What notify keeps in DynamoDB is kept here in memory, so cooldowns and changes over a window come
out as on that day. Spreads are those that refine keeps: of older hours, the last before the full one.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Final, Self

from coinlake import keys
from coinlake.config import LakeConfig
from coinlake.errors import BadKey, NotFound
from coinlake.keys import Partition, TrustedKey
from coinlake.sources import owner
from coinlake.stores import ObjectStore, StoredObject
from notify import markets
from notify.alerts import Alert, Run
from notify.digest import DailyDigest
from notify.markets import MarketAlerts
from notify.prices import MAX_TRUSTED_BYTES, PriceAlerts
from notify.rules.observations import Observation, Unreadable
from notify.rules.prices import PricePoint

READ_AHEAD: Final = 256
THREADS: Final = 16
_SLACK: Final = timedelta(hours=2)  # a change may be measured from somewhat before its window
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule on one market: its first alert of the day, and how many mails the cooldown would let out."""

    first: Alert
    mails: int

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.first.kind

    @property
    def market(self) -> str:
        """``coinbase BTC-USD``, out of the alert's topic."""
        _, _, source, base, quote = self.first.topic.split("#")
        return f"{source} {base}-{quote}"


@dataclass(slots=True)
class Outbox:
    """Takes alerts of one day and keeps those that would be mailed, by topic."""

    day: date
    environment: str
    mails: dict[str, list[Alert]] = field(default_factory=dict)

    def send(self, alert: Alert, _run: Run) -> bool:
        sent = self.mails.get(alert.topic, [])
        if alert.at.date() != self.day or (sent and sent[-1].at > alert.newest_predecessor):
            return False
        self.mails.setdefault(alert.topic, []).append(alert)
        return True

    def fired(self) -> list[FiredRule]:
        rules = [FiredRule(mails[0], len(mails)) for mails in self.mails.values()]
        return sorted(rules, key=lambda rule: (rule.name, rule.first.at, rule.market))


@dataclass(slots=True)
class PriceHistory:
    """The prices that a change may be measured from."""

    prices: dict[str, list[tuple[datetime, PricePoint]]] = field(default_factory=lambda: defaultdict(list))

    def record_slot(self, _feed: str, _slot_time: datetime) -> None:
        """A feed's newest slot says nothing about a day."""

    def record_price(self, observation: Observation, _expires_at: datetime) -> None:
        point = PricePoint(observation.at, observation.price)
        insort(self.prices[observation.series], (observation.at, point), key=lambda entry: entry[0])

    def last_price(self, series: str, oldest: datetime, newest: datetime) -> PricePoint | None:
        entries = self.prices[series]
        position = bisect_right(entries, newest, key=lambda entry: entry[0])
        at, point = entries[position - 1] if position else (oldest, None)
        return point if at >= oldest else None


@dataclass(frozen=True, slots=True)
class DryRun:
    """One day of one lake against its rules."""

    lake: ObjectStore
    config: LakeConfig
    day: date
    outbox: Outbox

    @classmethod
    def of(cls, lake: ObjectStore, config: LakeConfig, day: date) -> Self:
        return cls(lake, config, day, Outbox(day, config.environment))

    def fired(self) -> list[FiredRule]:
        """What would be mailed on the day, by rule."""
        self._run_price_rules()
        self._run_market_rules()
        return self.outbox.fired()

    def digest(self, now: datetime) -> Alert | None:
        """Today's digest, from the prices that the lake holds now; None where none is to be sent."""
        if self.config.digest is None:
            return None
        at = datetime.combine(self.day, time(), UTC) + self.config.digest.at
        return DailyDigest(self.lake, self.outbox, self.config).of(at, now)

    def _run_price_rules(self) -> None:
        prices = PriceAlerts(self.lake, PriceHistory(), self.outbox, self.config)
        for key, stored in self._objects():
            try:
                prices.check(key, stored, Run(key.slot.time, key.slot.time))
            except Unreadable:
                continue  # notify passes over it, too

    def _run_market_rules(self) -> None:
        market_alerts, run = MarketAlerts(self.lake, self.outbox, self.config), Run.begin(0)
        try:
            rows = market_alerts.spreads(Partition.month(self.day))
        except NotFound:
            rows = []
        spreads = market_alerts.on_spreads(row for row in rows if row.observed_at.date() == self.day)
        for firing in chain(spreads, market_alerts.on_days((self.day,))):
            self.outbox.send(markets.alert(firing), run)

    def _objects(self) -> Iterator[tuple[TrustedKey, StoredObject]]:
        """The trusted objects that a price rule may be about, oldest first, read a batch ahead."""
        trusted_keys = sorted(self._keys(), key=lambda key: (key.slot, str(key)))
        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(trusted_keys), READ_AHEAD):
                batch = trusted_keys[start : start + READ_AHEAD]
                objects = zip(batch, pool.map(self._read, batch), strict=True)
                yield from ((key, stored) for key, stored in objects if stored)

    def _read(self, key: TrustedKey) -> StoredObject | None:
        try:
            return self.lake.get(str(key), MAX_TRUSTED_BYTES)
        except NotFound:
            return None

    def _keys(self) -> Iterator[TrustedKey]:
        changes = [rule.window for rule in self.config.price_rules if rule.change_percent is not None]
        end = datetime.combine(self.day + _DAY, time(), UTC)
        start = end - _DAY - (max(changes) * 3 / 2 + _SLACK if changes else timedelta(0))
        for prefix in self._prefixes(start.date(), self.day) if self.config.price_rules else ():
            for text in self.lake.keys(prefix):
                key = _parsed(text)
                # A window that ends after the day may be the only one that holds the day's last bucket.
                if key and start <= key.slot.time <= end + _SLACK and self._concerns(key):
                    yield key

    def _prefixes(self, first: date, last: date) -> Iterable[str]:
        days = [first + timedelta(days=count) for count in range((last - first).days + 2)]
        yield from (Partition.day(day).prefix(f"{keys.TRUSTED}quotes/") for day in days)
        months = sorted({Partition.month(day) for day in days})
        for interval in self.lake.folders(f"{keys.TRUSTED}candles/"):
            yield from (month.prefix(interval) for month in months)

    def _concerns(self, key: TrustedKey) -> bool:
        """Whether a rule watches the key's source and, where its slot names one market, that one."""
        rules = [rule for rule in self.config.price_rules if rule.source in (None, key.source)]
        if key.table == "quotes" or not key.slot.parts:
            return bool(rules)
        ids = {self.config.assets.get(rule.asset, {}).get(owner(key.source)) for rule in rules}
        return key.slot.parts[0].rpartition("-")[0] in ids


def _parsed(text: str) -> TrustedKey | None:
    try:
        return TrustedKey.parse(text)
    except BadKey:
        return None
