"""The mails about a market: its spread, its volume, its drawdown, a new high or low."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from coinlake.alert_rules import Kind, MarketRule
from coinlake.keys import Partition
from notify.alerts import Mail
from notify.messages import formats
from notify.messages.layout import SETTINGS, mail, query, section, table
from notify.rules.market_rows import DAYS, SPREADS
from notify.rules.markets import MarketFiring

_TENTH: Final = Decimal("0.1")


class _Wording(NamedTuple):
    """How one kind of rule puts in words what fired it, its condition, and what it was compared with."""

    value: Callable[[MarketFiring], str]
    condition: Callable[[MarketRule], str]
    comparison: Callable[[MarketFiring], tuple[str, str]]


def market_mail(firing: MarketFiring) -> Mail:
    """A rule fired on a row of a refined table."""
    row, rule, event = firing.row, firing.rule, value(firing)
    price = _money(firing, firing.price)
    is_spread = rule.kind is Kind.SPREAD
    # A rule on days fires once for a day, whatever its cooldown.
    cooldown = rule.cooldown if is_spread else max(rule.cooldown, timedelta(days=1))
    return mail(
        f"{row.base} {event}: {price} on {row.source}",
        f"{row.base} is at {price} on {row.source}: {event}.",
        table(
            [
                ("Price", price),
                _WORDINGS[rule.kind].comparison(firing),
                ("Source", f"{row.source} {SPREADS if is_spread else DAYS}"),
                ("Time", formats.when(firing.at) if is_spread else f"{firing.at:%Y-%m-%d} (UTC day)"),
                ("Rule", f"{rule.name}: {condition(rule)}"),
                ("Next mail", f"in {formats.span(cooldown)} at the earliest"),
            ]
        ),
        section("Look further", _query(firing), f"coinlake alerts test --date {firing.at:%Y-%m-%d}"),
        f"To change this rule, edit alert_rules in {SETTINGS} and deploy.",
        data_of=[row.source],
    )


def value(firing: MarketFiring) -> str:
    """What fired the rule, in words: ``42.5 bps above the median``, ``3.4 times its usual volume``."""
    return _WORDINGS[firing.rule.kind].value(firing)


def condition(rule: MarketRule) -> str:
    """What the rule says: ``30 bps or more from the median``."""
    return _WORDINGS[rule.kind].condition(rule)


def _spread(firing: MarketFiring) -> str:
    side = "above" if firing.value > 0 else "below"
    return f"{_tenths(abs(firing.value))} bps {side} the median"


def _days(firing: MarketFiring) -> str:
    return formats.counted(firing.rule.days, "day") if firing.rule.days else "all days in the lake"


def _days_before(rule: MarketRule) -> str:
    return f"{formats.counted(rule.days, 'day')} before" if rule.days else "days before in the lake"


def _median(firing: MarketFiring) -> tuple[str, str]:
    return "Median", f"{_money(firing, firing.compared)} of {firing.count} sources"


def _usual_volume(firing: MarketFiring) -> tuple[str, str]:
    traded = firing.value * firing.compared
    usual = f"{formats.large(firing.compared)} {firing.volume_unit}"
    days = formats.counted(firing.count, "day")
    return "Volume", f"{formats.large(traded)} {firing.volume_unit}, usually {usual} (median of {days})"


def _peak(firing: MarketFiring) -> tuple[str, str]:
    return "Peak", f"{_money(firing, firing.compared)}, the highest daily close in the lake"


def _extreme_before(firing: MarketFiring) -> tuple[str, str]:
    extreme = "highest" if firing.rule.kind is Kind.HIGH else "lowest"
    days = formats.counted(firing.count, "earlier day")
    return "Before", f"{_money(firing, firing.compared)}, the {extreme} of {days} in the lake"


_WORDINGS: Final[Mapping[Kind, _Wording]] = {
    Kind.SPREAD: _Wording(
        _spread, lambda rule: f"{formats.exact(rule.limit)} bps or more from the median", _median
    ),
    Kind.VOLUME: _Wording(
        lambda firing: f"{_tenths(firing.value)} times its usual volume",
        lambda rule: (
            f"{formats.exact(rule.limit)} times or more the median volume of the {_days_before(rule)}"
        ),
        _usual_volume,
    ),
    Kind.DRAWDOWN: _Wording(
        lambda firing: f"{_tenths(firing.value)} % below its peak",
        lambda rule: f"{formats.exact(rule.limit)} % or more below the highest daily close in the lake",
        _peak,
    ),
    Kind.HIGH: _Wording(
        lambda firing: f"new high of {_days(firing)}",
        lambda rule: f"above every price of the {_days_before(rule)}",
        _extreme_before,
    ),
    Kind.LOW: _Wording(
        lambda firing: f"new low of {_days(firing)}",
        lambda rule: f"below every price of the {_days_before(rule)}",
        _extreme_before,
    ),
}


def _money(firing: MarketFiring, price: Decimal) -> str:
    """Two prices that differ never look equal."""
    other = firing.compared if price == firing.price else firing.price
    return f"{formats.amount(price, other if not firing.volume_unit else None)} {firing.row.quote}"


def _tenths(number: Decimal) -> str:
    return f"{number.quantize(_TENTH, rounding=ROUND_HALF_EVEN):,f}"


def _query(firing: MarketFiring) -> str:
    """The market's rows of the month; of a spread those of all sources, which it is compared with."""
    row = firing.row
    market = {"base": row.base, "quote": row.quote, **Partition.month(firing.at).levels}
    if firing.rule.kind is Kind.SPREAD:
        return query("slot_time, source, price, spread_bps", SPREADS, market, "slot_time")
    return query("dt, high, low, close, volume, drawdown", DAYS, {"source": row.source, **market}, "dt")
