"""Rules on refined tables: rows in, firings out. No clock, no store.

A day's rule looks at the day's newest price (its close so far) and fires once for a day at most:
its event is the day. A spread's event is the moment of its price.

Rules speak of what is known only (docs/decisions/0011-coverage.md): of a day with a gap they say nothing, and
they compare it with complete days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Context, Decimal
from itertools import takewhile
from statistics import median
from typing import Final

from coinlake.alert_rules import Kind, MarketRule
from notify.rules.market_rows import DayRow, MarketRow, SpreadRow

MIN_DAYS_OF_ALL: Final = 7  # with fewer days in the lake, "the highest ever" says nothing
_EXACT: Final = Context(prec=120)  # two 38-digit values and a factor multiply without rounding
_BASIS_POINTS: Final = Decimal(10_000)
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class MarketFiring:
    """A row that meets a rule: the ``value`` in the rule's unit, and what it was ``compared`` with.

    ``value`` is a spread in basis points with its sign, a multiple of the usual volume, a
    drawdown in percent, or the price of a new high or low; ``compared`` is a price or a volume.
    ``count`` is how many venues, or days in the lake, were compared with.
    """

    rule: MarketRule
    row: MarketRow
    at: datetime
    price: Decimal
    value: Decimal
    compared: Decimal
    count: int
    volume_unit: str = ""


def watches(rule: MarketRule, row: MarketRow) -> bool:
    """Whether the rule is about this asset, currency and source."""
    return rule.watches(row.source, row.base, row.quote)


def spread(rule: MarketRule, row: SpreadRow) -> MarketFiring | None:
    """Fires from exactly the limit on, above the median or below; a venue alone has no spread."""
    if row.venues < 2 or row.median <= 0:  # noqa: PLR2004 - two make a comparison
        return None
    difference = _EXACT.multiply(_EXACT.subtract(row.price, row.median), _BASIS_POINTS)
    if abs(difference) < _EXACT.multiply(rule.limit, row.median):
        return None
    value = _EXACT.divide(difference, row.median)
    return MarketFiring(rule, row, row.observed_at, row.price, value, row.median, row.venues)


def day(rule: MarketRule, today: DayRow, earlier: Iterable[DayRow]) -> MarketFiring | None:
    """``earlier`` are the market's days before, newest first, read no further than the rule needs."""
    if today.has_gap is not False:
        return None
    if rule.kind is Kind.DRAWDOWN:
        return _drawdown(rule, today)
    if rule.days:
        oldest = today.dt - timedelta(days=rule.days)
        earlier = takewhile(lambda row: row.dt >= oldest, earlier)
    return _volume(rule, today, list(earlier)) if rule.kind is Kind.VOLUME else _extreme(rule, today, earlier)


def _drawdown(rule: MarketRule, today: DayRow) -> MarketFiring | None:
    if today.peak is None or today.peak <= 0:
        return None
    fall = _EXACT.multiply(_EXACT.subtract(today.peak, today.close), _HUNDRED)
    if fall < _EXACT.multiply(rule.limit, today.peak):
        return None
    return _firing(rule, today, _EXACT.divide(fall, today.peak), today.peak)


def _volume(rule: MarketRule, today: DayRow, earlier: Sequence[DayRow]) -> MarketFiring | None:
    """A day that still runs counts with what it has so far: it can only grow.

    Not so one made of quotes, whose volume is that of the last 24 hours. The two are never compared.
    """
    if today.is_quoted and not today.is_complete:
        return None
    earlier = [row for row in earlier if row.is_complete and row.is_quoted == today.is_quoted]
    traded = today.volume if today.volume is not None else today.quote_volume
    unit = today.base if today.volume is not None else today.quote
    volumes = [row.volume if today.volume is not None else row.quote_volume for row in earlier]
    known = [volume for volume in volumes if volume is not None]
    if traded is None or not _suffices(len(known), rule.days):
        return None
    usual = median(known)
    if usual <= 0 or traded < _EXACT.multiply(rule.limit, usual):
        return None
    return _firing(rule, today, _EXACT.divide(traded, usual), usual, count=len(known), unit=unit)


def _extreme(rule: MarketRule, today: DayRow, earlier: Iterable[DayRow]) -> MarketFiring | None:
    """Beyond every price of the days before, not only their closes.

    Only the complete days up to the first hole count as passed; a price beyond it still says no.
    """
    is_high = rule.kind is Kind.HIGH
    passed: list[Decimal] = []
    has_hole = False
    for row in earlier:
        extreme = row.high if is_high else row.low
        if (today.close <= extreme) if is_high else (today.close >= extreme):
            return None
        is_next = row.dt == today.dt - timedelta(days=1 + len(passed))
        has_hole = has_hole or not (row.is_complete and is_next)
        if not has_hole:
            passed.append(extreme)
    if not _suffices(len(passed), rule.days):
        return None
    return _firing(rule, today, today.close, max(passed) if is_high else min(passed), count=len(passed))


def _suffices(count: int, days: int) -> bool:
    """At least half of the days that a rule names, or a week of all days."""
    return count > 0 and (count * 2 >= days if days else count >= MIN_DAYS_OF_ALL)


def _firing(
    rule: MarketRule, today: DayRow, value: Decimal, compared: Decimal, *, count: int = 0, unit: str = ""
) -> MarketFiring:
    at = datetime.combine(today.dt, time(), UTC)
    return MarketFiring(rule, today, at, today.close, value, compared, count, unit)
