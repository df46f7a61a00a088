"""The mails about a market: its spread, its volume, its drawdown, a new high or low."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from coinlake.alert_rules import Kind, MarketRule
from notify import formats
from notify.alerts import Message
from notify.layout import SETTINGS, message, section, table
from notify.market_rows import DAYS, SPREADS
from notify.market_rules import MarketFiring
from notify.messages import literal

_TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class _Words:
    """How one kind of rule speaks: of what was seen, of its condition, of what it compared with."""

    seen: Callable[[MarketFiring], str]
    condition: Callable[[MarketRule], str]
    compared: Callable[[MarketFiring], tuple[str, str]]


def market(firing: MarketFiring) -> Message:
    """A rule fired on a row of a refined table."""
    seen, rule, what = firing.market, firing.rule, value(firing)
    price = _money(firing, firing.price)
    return message(
        f"{seen.base} {what}: {price} on {seen.source}",
        f"{seen.base} is at {price} on {seen.source}: {what}.",
        table(
            [
                ("Price", price),
                _WORDS[rule.kind].compared(firing),
                ("Source", f"{seen.source} {SPREADS if rule.kind is Kind.SPREAD else DAYS}"),
                ("Time", _time(firing)),
                ("Rule", f"{rule.name}: {condition(rule)}"),
                ("Next mail", f"in {formats.span(_cooldown(rule))} at the earliest"),
            ]
        ),
        section(
            "Look further",
            f'coinlake query "{_query(firing)}"',
            f"coinlake alerts test --date {firing.at:%Y-%m-%d}",
        ),
        f"To change this rule, edit alert_rules in {SETTINGS} and deploy.",
        sources=[seen.source],
    )


def value(firing: MarketFiring) -> str:
    """What was seen, in words: ``42.5 bps above the median``, ``3.4 times its usual volume``."""
    return _WORDS[firing.rule.kind].seen(firing)


def condition(rule: MarketRule) -> str:
    """What the rule asks for: ``30 bps or more from the median``."""
    return _WORDS[rule.kind].condition(rule)


def _time(firing: MarketFiring) -> str:
    is_moment = firing.rule.kind is Kind.SPREAD
    return formats.when(firing.at) if is_moment else f"{firing.at:%Y-%m-%d} (UTC day)"


def _cooldown(rule: MarketRule) -> timedelta:
    """A day fires once."""
    return rule.cooldown if rule.kind is Kind.SPREAD else max(rule.cooldown, timedelta(days=1))


def _spread(firing: MarketFiring) -> str:
    side = "above" if firing.value > 0 else "below"
    return f"{_tenths(abs(firing.value))} bps {side} the median"


def _high(firing: MarketFiring) -> str:
    return f"new high of {_days(firing)}"


def _low(firing: MarketFiring) -> str:
    return f"new low of {_days(firing)}"


def _days(firing: MarketFiring) -> str:
    return formats.counted(firing.rule.days, "day") if firing.rule.days else "all days in the lake"


def _span(rule: MarketRule) -> str:
    return f"{formats.counted(rule.days, 'day')} before" if rule.days else "days before in the lake"


def _against_median(firing: MarketFiring) -> tuple[str, str]:
    return "Median", f"{_money(firing, firing.compared)} of {firing.of} sources"


def _against_volume(firing: MarketFiring) -> tuple[str, str]:
    traded = firing.value * firing.compared
    usual = f"{formats.large(firing.compared)} {firing.volume_unit}"
    days = formats.counted(firing.of, "day")
    return "Volume", f"{formats.large(traded)} {firing.volume_unit}, usually {usual} (median of {days})"


def _against_peak(firing: MarketFiring) -> tuple[str, str]:
    return "Peak", f"{_money(firing, firing.compared)}, the highest daily close in the lake"


def _against_days(firing: MarketFiring) -> tuple[str, str]:
    return (
        "Before",
        f"{_money(firing, firing.compared)} within {formats.counted(firing.of, 'day')} in the lake",
    )


_WORDS: Final[Mapping[Kind, _Words]] = {
    Kind.SPREAD: _Words(
        _spread, lambda rule: f"{formats.exact(rule.limit)} bps or more from the median", _against_median
    ),
    Kind.VOLUME: _Words(
        lambda firing: f"{_tenths(firing.value)} times its usual volume",
        lambda rule: f"{formats.exact(rule.limit)} times or more the median volume of the {_span(rule)}",
        _against_volume,
    ),
    Kind.DRAWDOWN: _Words(
        lambda firing: f"{_tenths(firing.value)} % below its peak",
        lambda rule: f"{formats.exact(rule.limit)} % or more below the highest daily close in the lake",
        _against_peak,
    ),
    Kind.HIGH: _Words(_high, lambda rule: f"above every price of the {_span(rule)}", _against_days),
    Kind.LOW: _Words(_low, lambda rule: f"below every price of the {_span(rule)}", _against_days),
}


def _money(firing: MarketFiring, price: Decimal) -> str:
    """Two prices that differ never look equal."""
    other = firing.compared if price == firing.price else firing.price
    return f"{formats.amount(price, other if not firing.volume_unit else None)} {firing.market.quote}"


def _tenths(number: Decimal) -> str:
    return f"{number.quantize(_TENTH, rounding=ROUND_HALF_EVEN):,f}"


def _query(firing: MarketFiring) -> str:
    """The market's rows of the month."""
    seen = firing.market
    terms = {"source": seen.source, "base": seen.base, "quote": seen.quote, "month": f"{firing.at:%Y-%m}"}
    if firing.rule.kind is Kind.SPREAD:
        del terms["source"]  # its neighbours are what it is about
        name, time, columns = SPREADS, "slot_time", "slot_time, source, price, spread_bps"
    else:
        name, time, columns = DAYS, "dt", "dt, high, low, close, volume, drawdown"
    where = " AND ".join(f"{column} = {literal(term)}" for column, term in terms.items())
    return f"SELECT {columns} FROM {name} WHERE {where} ORDER BY {time} DESC LIMIT 20"  # noqa: S608 - literals are quoted
