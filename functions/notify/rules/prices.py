"""Price rules: values in, a firing or nothing out. No clock, no store.

An observation fires a rule by itself; whether it is *mailed* is for the cooldown to say,
which counts in the observations' own time (see ``alerts``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Final, NamedTuple

from coinlake.alert_rules import PriceRule
from notify.rules.observations import Observation

_EXACT: Final = Context(prec=120)  # two 38-digit values and a percentage multiply without rounding


class PricePoint(NamedTuple):
    """An earlier price of the same series."""

    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class PriceFiring:
    """One observation that meets one rule; ``reference`` is what a change rule compared it with."""

    rule: PriceRule
    observation: Observation
    reference: PricePoint | None = None

    @property
    def change_percent(self) -> Decimal:
        """(price / reference price - 1) x 100; only for a firing that has a reference."""
        if self.reference is None:
            raise ValueError(f"rule {self.rule.name} compares with a level, not with a price")
        difference = _EXACT.subtract(self.observation.price, self.reference.price)
        return _EXACT.divide(_EXACT.multiply(difference, Decimal(100)), self.reference.price)


def watches(rule: PriceRule, observation: Observation) -> bool:
    """Whether the rule is about this observation's asset, currency and source."""
    return rule.watches(observation.source, observation.base, observation.quote)


def needs_reference(rule: PriceRule) -> bool:
    """Whether the rule compares with an earlier price."""
    return rule.change_percent is not None


def reference_range(rule: PriceRule, at: datetime, spacing: timedelta) -> tuple[datetime, datetime]:
    """Oldest and newest time of the price that a change up to ``at`` is measured from.

    The newest is ``at - window``. A gap in the data may push the reference back by half a window
    and one ``spacing`` (the time between observations); an older price would tell of
    another span than the rule names, so then nothing fires.
    """
    newest = at - rule.window
    return newest - rule.window / 2 - spacing, newest


def check(
    rule: PriceRule, observation: Observation, reference: PricePoint | None = None
) -> PriceFiring | None:
    """The firing, if the observation meets the rule. ``above`` and ``below`` exclude the level itself."""
    price = observation.price
    if rule.above is not None and price > rule.above:
        return PriceFiring(rule, observation)
    if rule.below is not None and price < rule.below:
        return PriceFiring(rule, observation)
    if rule.change_percent is None or reference is None or reference.price <= 0:
        return None
    # |price / reference - 1| x 100 >= percent, without a division that could round.
    difference = _EXACT.abs(_EXACT.subtract(price, reference.price))
    if _EXACT.multiply(difference, Decimal(100)) < _EXACT.multiply(rule.change_percent, reference.price):
        return None
    return PriceFiring(rule, observation, reference)


def retention(rules: Iterable[PriceRule], spacing: timedelta) -> timedelta:
    """How long a price may still be a reference of these change rules, and a day more."""
    return max(rule.window * 3 / 2 + spacing for rule in rules) + timedelta(days=1)
