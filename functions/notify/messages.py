"""The mails about data: a price rule that fired, rows in quarantine."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Final

from coinlake.alert_rules import PriceRule
from coinlake.keys import QuarantineKey, TrustedKey
from coinlake.records import Rejection
from notify import formats
from notify.alerts import Message
from notify.layout import SETTINGS, message, section, table
from notify.rules import Firing

_SAMPLES: Final = 5
_SUBJECT_REASONS: Final = 3


def price(firing: Firing, key: TrustedKey) -> Message:
    """A price rule fired on a row of the trusted object ``key``."""
    seen, rule = firing.observation, firing.rule
    at_price = _price(firing)
    return message(
        f"{seen.base} {_what(firing)}: {at_price} on {seen.source}",
        f"{seen.base} is at {at_price} on {seen.source}: {_what(firing)}.",
        table(
            [
                ("Price", at_price),
                *_compared(firing),
                ("Source", f"{seen.source} {key.dataset}"),
                ("Time", formats.when(seen.at)),
                ("Rule", f"{rule.name}: {condition(rule)}"),
                ("Next mail", f"in {formats.span(rule.cooldown)} at the earliest"),
            ]
        ),
        section("Where it comes from", f"trusted  {key}", f"raw      {seen.raw_key}"),
        section("Look further", f'coinlake query "{_query(firing, key)}"', "coinlake status"),
        f"To change this rule, edit alert_rules in {SETTINGS} and deploy.",
        sources=[seen.source],
    )


def value(firing: Firing) -> str:
    """What was seen, in words: ``77,361.43 USD``, ``+5.3 % in 1 h``."""
    return _price(firing) if firing.base is None else _what(firing)


def condition(rule: PriceRule) -> str:
    """What the rule asks for: ``above 75,000 USD``."""
    if rule.above is not None:
        return f"above {formats.exact(rule.above)} {rule.quote}"
    if rule.below is not None:
        return f"below {formats.exact(rule.below)} {rule.quote}"
    change = formats.exact(rule.change_percent or Decimal(0))
    return f"{change} % or more, up or down, in {formats.span(rule.window)}"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """The rejected rows of one raw object; ``rejections`` None where they are too many to read."""

    bucket: str
    key: QuarantineKey
    raw_key: str
    rejections: Sequence[Rejection] | None


def quarantine(found: Quarantined) -> Message:
    """Rows of one raw object are in quarantine."""
    key = found.key
    origin = f"{key.source} {key.dataset}"
    return message(
        f"{_amount_of(found)} of {origin} quarantined{_subject_reasons(found)}",
        _explanation(found),
        table([("Source", origin), ("Due", formats.when(key.slot.time)), *_reasons(found)]),
        _samples(found),
        section("Where it is", f"quarantine  {key}", f"raw         {found.raw_key}"),
        section("Look further", f"aws s3 cp s3://{found.bucket}/{key} -", "coinlake status"),
        'Once the cause is repaired, "coinlake replay" sends the raw object through transform again.',
        sources=[key.source],
    )


def _what(firing: Firing) -> str:
    """``above 75,000 USD`` or ``+5.3 % in 1 h``."""
    if firing.base is None:
        return condition(firing.rule)
    span = formats.span(firing.observation.at - firing.base.at)
    return f"{formats.percent(firing.change_percent)} in {span}"


def _price(firing: Firing) -> str:
    seen = firing.observation
    return f"{formats.amount(seen.price, _level(firing))} {seen.quote}"


def _level(firing: Firing) -> Decimal | None:
    return firing.rule.above if firing.rule.above is not None else firing.rule.below


def _compared(firing: Firing) -> list[tuple[str, str]]:
    if firing.base is None:
        return []
    price = f"{formats.amount(firing.base.price)} {firing.observation.quote}"
    return [
        ("Before", f"{price} at {formats.when(firing.base.at)}"),
        ("Change", formats.percent(firing.change_percent)),
    ]


def _query(firing: Firing, key: TrustedKey) -> str:
    """The series around the price, within one partition so that it scans little."""
    seen = firing.observation
    time, price = ("open_time", "close") if key.table == "candles" else ("observed_at", "price")
    folders = dict(folder.split("=", 1) for folder in key.partition.split("/"))
    terms = {"source": seen.source, "base": seen.base, "quote": seen.quote, **folders}
    where = " AND ".join(f"{column} = {literal(term)}" for column, term in terms.items())
    series = f"FROM {key.table} WHERE {where} ORDER BY {time} DESC LIMIT 20"
    return f"SELECT {time}, {price} {series}"


def literal(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))


def _amount_of(found: Quarantined) -> str:
    if found.rejections is None:
        return "very many rows"
    rows = {rejection.row for rejection in found.rejections} - {None}
    return formats.counted(len(rows), "row") if rows else "a whole answer"


def _explanation(found: Quarantined) -> str:
    amount = f"{_amount_of(found)} of {found.key.source} {found.key.dataset}"
    if amount.startswith("a whole"):
        return f"transform could not read {amount}; it is kept in raw as it was received."
    return f"transform could not trust {amount}; the other rows of the same answer are in the lake."


def _subject_reasons(found: Quarantined) -> str:
    counts = Counter(rejection.code for rejection in found.rejections or ()).most_common(_SUBJECT_REASONS)
    return f" ({', '.join(f'{code} {count:,}' for code, count in counts)})" if counts else ""


def _reasons(found: Quarantined) -> list[tuple[str, str]]:
    counts = Counter(rejection.code for rejection in found.rejections or ()).most_common()
    width = len(f"{counts[0][1]:,}") if counts else 0
    lines = [f"{count:>{width},}  {code}" for code, count in counts]
    return [("Reason" if line is lines[0] else "", line) for line in lines]


def _samples(found: Quarantined) -> str:
    if not found.rejections:
        return ""
    lines = [_sample(rejection) for rejection in _various(found.rejections)[:_SAMPLES]]
    left = len(found.rejections) - len(lines)
    return section("For example", *lines, *([f"and {left:,} more"] if left else []))


def _various(rejections: Sequence[Rejection]) -> list[Rejection]:
    """The first of each code, then the second of each, and so on."""
    seen: Counter[str] = Counter()
    ranked = []
    for rejection in rejections:
        ranked.append((seen[rejection.code], rejection))
        seen[rejection.code] += 1
    return [rejection for _, rejection in sorted(ranked, key=itemgetter(0))]


def _sample(rejection: Rejection) -> str:
    place = "whole answer" if rejection.row is None else f"row {rejection.row:,}"
    facts = [fact for fact in (rejection.field, rejection.value) if fact is not None]
    return f"{place}: {rejection.code}{'  ' if facts else ''}{' = '.join(facts)}"
