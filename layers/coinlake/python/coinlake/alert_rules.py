"""When users want a mail: rules on prices and on refined tables, the digest, notices.

Declared in terraform/variables_alerts.tf and part of the configuration object (see ``config``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

PRICE_LEVELS: Final = ("above", "below", "change_percent")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule about one asset in one currency; ``source`` None watches every source on its own."""

    name: str
    asset: str
    quote: str
    source: str | None

    def watches(self, source: str, base: str, quote: str) -> bool:
        """Whether the rule is about this pair at this source."""
        return (self.asset, self.quote) == (base, quote) and self.source in (None, source)


@dataclass(frozen=True, slots=True)
class PriceRule(_Rule):
    """Mail when an asset's price is above or below a level, or moved over a window.

    Exactly one of ``above``, ``below`` (prices in ``quote``) and ``change_percent`` (either
    way, over ``window``) is set.
    """

    above: Decimal | None
    below: Decimal | None
    change_percent: Decimal | None
    window: timedelta
    cooldown: timedelta


class Kind(StrEnum):
    """What a rule on a refined table watches; each is the field that declares it."""

    SPREAD = "spread_bps"
    VOLUME = "volume_times"
    DRAWDOWN = "drawdown_percent"
    HIGH = "new_high_days"
    LOW = "new_low_days"


@dataclass(frozen=True, slots=True)
class MarketRule(_Rule):
    """Mail when a market's row of a refined table reaches ``limit``, in the unit that ``kind`` names.

    ``days`` is how far back a volume, a high or a low is compared: 0 is all that the lake holds.
    """

    kind: Kind
    limit: Decimal
    days: int
    cooldown: timedelta


@dataclass(frozen=True, slots=True)
class Digest:
    """A daily mail, ``at`` after midnight UTC, with the ``movers`` greatest gainers and as many losers."""

    at: timedelta
    movers: int


@dataclass(frozen=True, slots=True)
class Notices:
    """Which events of the pipeline itself are mailed, and how often at most."""

    quarantine: bool
    failures: bool
    stale: bool
    cooldown: timedelta


def rules(
    entries: Mapping[str, Mapping[str, Any]],
) -> tuple[tuple[PriceRule, ...], tuple[MarketRule, ...]]:
    """What ``alert_rules`` declares, split by what the rules read: trusted prices, refined tables.

    Raises ``ValueError`` for a rule without exactly one level.
    """
    parsed = [_rule(name, entry) for name, entry in entries.items()]
    return (
        tuple(rule for rule in parsed if isinstance(rule, PriceRule)),
        tuple(rule for rule in parsed if isinstance(rule, MarketRule)),
    )


def digest(entry: Mapping[str, Any] | None) -> Digest | None:
    if entry is None:
        return None
    hours, minutes = entry["at"].split(":")
    return Digest(timedelta(hours=int(hours), minutes=int(minutes)), entry["movers"])


def notices(entry: Mapping[str, Any]) -> Notices:
    return Notices(
        quarantine=entry["quarantine"],
        failures=entry["failures"],
        stale=entry["stale"],
        cooldown=timedelta(minutes=entry["cooldown_minutes"]),
    )


def _rule(name: str, entry: Mapping[str, Any]) -> PriceRule | MarketRule:
    known = (*PRICE_LEVELS, *Kind)
    levels = {level: entry[level] for level in known if entry.get(level) is not None}
    if len(levels) != 1:
        raise ValueError(f"alert rule {name} needs exactly one of {', '.join(known)}")
    [(level, value)] = levels.items()
    market = {"name": name, "asset": entry["asset"], "quote": entry["quote"], "source": entry["source"]}
    cooldown = timedelta(minutes=entry["cooldown_minutes"])
    if level in PRICE_LEVELS:
        window = timedelta(minutes=entry["window_minutes"])
        limits: dict[str, Any] = {
            known_level: Decimal(value) if known_level == level else None for known_level in PRICE_LEVELS
        }
        return PriceRule(**market, **limits, window=window, cooldown=cooldown)
    kind = Kind(level)
    days = value if kind in (Kind.HIGH, Kind.LOW) else entry["window_days"]
    return MarketRule(**market, kind=kind, limit=Decimal(value), days=int(days), cooldown=cooldown)
