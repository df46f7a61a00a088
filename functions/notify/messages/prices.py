"""The mail about a price rule that fired."""

from decimal import Decimal

from coinlake.alert_rules import PriceRule
from coinlake.keys import TrustedKey
from notify.alerts import Mail
from notify.messages import formats
from notify.messages.layout import SETTINGS, mail, query, section, table
from notify.rules.prices import PriceFiring


def price_mail(firing: PriceFiring, key: TrustedKey) -> Mail:
    """A price rule fired on a row of the trusted object ``key``."""
    observation, rule = firing.observation, firing.rule
    price = _price(firing)
    return mail(
        f"{observation.base} {_event(firing)}: {price} on {observation.source}",
        f"{observation.base} is at {price} on {observation.source}: {_event(firing)}.",
        table(
            [
                ("Price", price),
                *_comparison(firing),
                ("Source", f"{observation.source} {key.dataset}"),
                ("Time", formats.when(observation.at)),
                ("Rule", f"{rule.name}: {condition(rule)}"),
                ("Next mail", f"in {formats.span(rule.cooldown)} at the earliest"),
            ]
        ),
        section("Where it comes from", f"trusted  {key}", f"raw      {observation.raw_key}"),
        section("Look further", _query(firing, key), "coinlake status"),
        f"To change this rule, edit alert_rules in {SETTINGS} and deploy.",
        data_of=[observation.source],
    )


def value(firing: PriceFiring) -> str:
    """What fired the rule, in words: ``77,361.43 USD``, ``+5.3 % in 1 h``."""
    return _price(firing) if firing.reference is None else _event(firing)


def condition(rule: PriceRule) -> str:
    """What the rule says: ``above 75,000 USD``."""
    if rule.above is not None:
        return f"above {formats.exact(rule.above)} {rule.quote}"
    if rule.below is not None:
        return f"below {formats.exact(rule.below)} {rule.quote}"
    change = formats.exact(rule.change_percent or Decimal(0))
    return f"{change} % or more, up or down, in {formats.span(rule.window)}"


def _event(firing: PriceFiring) -> str:
    """``above 75,000 USD`` or ``+5.3 % in 1 h``."""
    if firing.reference is None:
        return condition(firing.rule)
    span = formats.span(firing.observation.at - firing.reference.at)
    return f"{formats.percent(firing.change_percent)} in {span}"


def _price(firing: PriceFiring) -> str:
    level = firing.rule.above if firing.rule.above is not None else firing.rule.below
    return f"{formats.amount(firing.observation.price, level)} {firing.observation.quote}"


def _comparison(firing: PriceFiring) -> list[tuple[str, str]]:
    if firing.reference is None:
        return []
    price = f"{formats.amount(firing.reference.price)} {firing.observation.quote}"
    return [
        ("Before", f"{price} at {formats.when(firing.reference.at)}"),
        ("Change", formats.percent(firing.change_percent)),
    ]


def _query(firing: PriceFiring, key: TrustedKey) -> str:
    """The series around the price, within one partition so that it scans little."""
    observation = firing.observation
    time, price = ("open_time", "close") if key.table == "candles" else ("observed_at", "price")
    market = {"source": observation.source, "base": observation.base, "quote": observation.quote}
    return query(f"{time}, {price}", key.table, {**market, **key.partition.levels}, time)
