"""What users ask to be mailed of: rules on prices and on refined tables, the digest, notices.

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
class PriceRule:
    """Mail when an asset's price is above or below a level, or moved over a window.

    Exactly one of ``above``, ``below`` (prices in ``quote``) and ``change_percent`` (either
    way, over ``window``) is set. ``source`` None watches every source on its own.
    """

    name: str
    asset: str
    quote: str
    source: str | None
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
class MarketRule:
    """Mail when a market's row of a refined table reaches ``limit``, in the unit that ``kind`` names.

    ``days`` is how far back a volume, a high or a low is compared: 0 is all that the lake holds.
    ``source`` None watches every source on its own.
    """

    name: str
    asset: str
    quote: str
    source: str | None
    kind: Kind
    limit: Decimal
    days: int
    cooldown: timedelta


@dataclass(frozen=True, slots=True)
class Digest:
    """A mail a day, at ``at`` after midnight UTC, of the ``movers`` greatest gainers and as many losers."""

    at: timedelta
    movers: int


@dataclass(frozen=True, slots=True)
class Notices:
    """Which news of the pipeline itself is mailed, and how often at most."""

    quarantine: bool
    failures: bool
    stale: bool
    cooldown: timedelta


def rules(entries: Mapping[str, Mapping[str, Any]]) -> list[PriceRule | MarketRule]:
    """The rules that ``alert_rules`` declares; ``ValueError`` for one without exactly one level."""
    return [_rule(name, entry) for name, entry in entries.items()]


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
        raise ValueError(f"rule {name} needs exactly one of {', '.join(known)}")
    [(level, value)] = levels.items()
    market = {"name": name, "asset": entry["asset"], "quote": entry["quote"], "source": entry["source"]}
    cooldown = timedelta(minutes=entry["cooldown_minutes"])
    if level in PRICE_LEVELS:
        window = timedelta(minutes=entry["window_minutes"])
        limits: dict[str, Any] = {one: Decimal(value) if one == level else None for one in PRICE_LEVELS}
        return PriceRule(**market, **limits, window=window, cooldown=cooldown)
    kind = Kind(level)
    days = value if kind in (Kind.HIGH, Kind.LOW) else entry["window_days"]
    return MarketRule(**market, kind=kind, limit=Decimal(value), days=int(days), cooldown=cooldown)
