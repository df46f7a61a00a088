"""A trusted object arrived: its feed is alive, and its prices may fire rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from coinlake import intervals
from coinlake.alert_rules import PriceRule
from coinlake.config import LakeConfig
from coinlake.feeds import Feed
from coinlake.keys import TrustedKey
from coinlake.stores import ObjectStore, StoredObject
from notify import messages, observations, rules
from notify.alerts import NEWS_HORIZON, Alert, Outbox, Run, alert_id
from notify.observations import Observation
from notify.rules import PricePoint

MAX_TRUSTED_BYTES: Final = 16 << 20  # a page of 250 quotes has 30 KB


class Memory(Protocol):
    """What is remembered of earlier objects: notify's is in DynamoDB (``state``)."""

    def record_slot(self, feed: str, slot_time: datetime) -> None: ...

    def record_price(self, observation: Observation, expires_at: datetime) -> None: ...

    def last_price(self, series: str, oldest: datetime, newest: datetime) -> PricePoint | None: ...


@dataclass(frozen=True, slots=True)
class PriceWatch:
    """Checks trusted objects against the price rules."""

    lake: ObjectStore
    state: Memory
    sender: Outbox
    config: LakeConfig

    def inspect(self, key: TrustedKey, run: Run) -> None:
        """Record the feed's slot, remember prices that change rules need, mail what fires.

        Raises ``NotFound``, ``TooLarge`` or ``Unreadable`` for an object that tells nothing,
        ``StoreUnavailable`` or ``LeaseHeld`` where the event must come again.
        """
        for feed in self._owners(key):
            self.state.record_slot(feed.name, key.slot.time)
        if self._concerned(key) and key.slot.time >= run.now - NEWS_HORIZON:
            self.judge(key, self.lake.get(str(key), MAX_TRUSTED_BYTES), run)

    def judge(self, key: TrustedKey, stored: StoredObject, run: Run) -> None:
        """``inspect`` of an object that was read, without its feed's slot."""
        spacing = max((intervals.duration(feed.interval) for feed in self._owners(key)), default=timedelta(0))
        concerned, oldest = self._concerned(key), run.now - NEWS_HORIZON
        for seen in observations.read(key, stored.body):
            watching = [rule for rule in concerned if rules.watches(rule, seen)]
            if watching and seen.at >= oldest:
                self._check(_Sighting(seen, key, stored.etag, spacing), watching, run)

    def _owners(self, key: TrustedKey) -> list[Feed]:
        return [feed for feed in self.config.feeds.values() if feed.owns(key.source, key.dataset, key.slot)]

    def _concerned(self, key: TrustedKey) -> list[PriceRule]:
        return [rule for rule in self.config.price_rules if rule.source in (None, key.source)]

    def _check(self, sighting: "_Sighting", watching: Sequence[PriceRule], run: Run) -> None:
        seen, spacing = sighting.seen, sighting.spacing
        # Bars longer than a rule's window cannot tell what happened within it.
        watching = [rule for rule in watching if not rules.needs_base(rule) or rule.window >= spacing]
        comparing = [rule for rule in watching if rules.needs_base(rule)]
        if comparing:
            self.state.record_price(seen, seen.at + rules.retention(comparing, spacing))
        for rule in watching:
            base = None
            if rules.needs_base(rule):
                base = self.state.last_price(seen.series, *rules.base_range(rule, seen.at, spacing))
            if firing := rules.check(rule, seen, base):
                self.sender.send(sighting.alert(firing), run)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """An observation with where it was seen; ``spacing`` is the time between its feed's observations."""

    seen: Observation
    key: TrustedKey
    etag: str
    spacing: timedelta

    def alert(self, firing: rules.Firing) -> Alert:
        rule, seen = firing.rule, self.seen
        return Alert(
            topic=f"alert#{rule.name}#{seen.series}",
            id=alert_id(rule.name, str(self.key), self.etag, seen.series, seen.at.isoformat()),
            kind=rule.name,
            at=seen.at,
            cooldown=rule.cooldown,
            message=messages.price(firing, self.key),
            value=messages.value(firing),
            condition=messages.condition(rule),
        )
