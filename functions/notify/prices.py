"""A trusted object arrived: its feed is alive, and its prices may fire rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from coinlake import intervals
from coinlake.alert_rules import PriceRule
from coinlake.config import LakeConfig
from coinlake.feeds import Feed
from coinlake.keys import TrustedKey
from coinlake.stores import ObjectStore, StoredObject
from notify.alerts import NEWS_HORIZON, Alert, Outbox, Run, alert_id
from notify.messages import prices as messages
from notify.rules import observations
from notify.rules import prices as rules
from notify.rules.observations import Observation
from notify.rules.prices import PriceFiring, PricePoint

MAX_TRUSTED_BYTES: Final = 16 << 20  # a page of 250 quotes has 30 KB


class PriceStore(Protocol):
    """What is remembered of earlier objects: notify's is in DynamoDB (``state``)."""

    def record_slot(self, feed: str, slot_time: datetime) -> None: ...

    def record_price(self, observation: Observation, expires_at: datetime) -> None: ...

    def last_price(self, series: str, oldest: datetime, newest: datetime) -> PricePoint | None: ...


@dataclass(frozen=True, slots=True)
class PriceAlerts:
    """Checks trusted objects against the price rules."""

    lake: ObjectStore
    store: PriceStore
    outbox: Outbox
    config: LakeConfig

    def on_object(self, key: TrustedKey, run: Run) -> None:
        """Record the feed's slot, remember prices that change rules need, mail what fires.

        Raises ``NotFound``, ``TooLarge`` or ``Unreadable`` for an object from which nothing can be read,
        ``StoreUnavailable`` or ``LeaseHeld`` where the event must come again.
        """
        for feed in self._feeds(key):
            self.store.record_slot(feed.name, key.slot.time)
        if self._rules(key) and key.slot.time >= run.now - NEWS_HORIZON:
            self.check(key, self.lake.get(str(key), MAX_TRUSTED_BYTES), run)

    def check(self, key: TrustedKey, stored: StoredObject, run: Run) -> None:
        """``on_object`` for an object that was read already, without its feed's slot."""
        # The time between the feed's observations: bars longer than a rule's window cannot tell what
        # happened within it.
        spacing = max((intervals.duration(feed.interval) for feed in self._feeds(key)), default=timedelta(0))
        candidates = [
            rule for rule in self._rules(key) if not rules.needs_reference(rule) or rule.window >= spacing
        ]
        for observation in observations.read(key, stored.body):
            if observation.at < run.now - NEWS_HORIZON:
                continue
            watching = [rule for rule in candidates if rules.watches(rule, observation)]
            change_rules = [rule for rule in watching if rules.needs_reference(rule)]
            if change_rules:
                expires_at = observation.at + rules.retention(change_rules, spacing)
                self.store.record_price(observation, expires_at)
            for rule in watching:
                if firing := self._fire(rule, observation, spacing):
                    self.outbox.send(_alert(firing, key, stored.etag), run)

    def _fire(self, rule: PriceRule, observation: Observation, spacing: timedelta) -> PriceFiring | None:
        if not rules.needs_reference(rule):
            return rules.check(rule, observation)
        oldest, newest = rules.reference_range(rule, observation.at, spacing)
        return rules.check(rule, observation, self.store.last_price(observation.series, oldest, newest))

    def _feeds(self, key: TrustedKey) -> list[Feed]:
        """The feeds that the object is of."""
        return [feed for feed in self.config.feeds.values() if feed.owns(key.source, key.dataset, key.slot)]

    def _rules(self, key: TrustedKey) -> list[PriceRule]:
        """The rules that may be about the object."""
        return [rule for rule in self.config.price_rules if rule.source in (None, key.source)]


def _alert(firing: PriceFiring, key: TrustedKey, etag: str) -> Alert:
    rule, observation = firing.rule, firing.observation
    return Alert(
        topic=f"alert#{rule.name}#{observation.series}",
        id=alert_id(rule.name, str(key), etag, observation.series, observation.at.isoformat()),
        kind=rule.name,
        at=observation.at,
        cooldown=rule.cooldown,
        mail=messages.price_mail(firing, key),
        value=messages.value(firing),
        condition=messages.condition(rule),
    )
