"""Numbers, times and spans as people read them, and subjects as SNS accepts them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from notify.alerts import MAX_SUBJECT_CHARACTERS

_WIDE: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)  # the widest value of the lake has 38 digits
_WHOLE: Final = Decimal(1000)  # from here on, cents are fine enough
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]+")
_LARGE: Final = tuple((unit, Decimal(10) ** power) for unit, power in zip("TBMK", (12, 9, 6, 3), strict=True))
_UNITS: Final = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


def exact(value: Decimal) -> str:
    """Every digit, with thousands separators and without trailing zeros: ``75,000``."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: Decimal, apart_from: Decimal | None = None) -> str:
    """As many digits as tell something: ``77,361.43``, ``1.0834``, ``0.00000847``.

    Two decimals from 1,000 up, four from 1 up, else three significant digits; more
    where fewer would show a value that differs from ``apart_from`` as equal to it.
    """
    decimals = _decimals(value)
    text = _rounded(value, decimals)
    while apart_from is not None and value != apart_from and text == _rounded(apart_from, decimals):
        decimals += 1
        text = _rounded(value, decimals)
    return text


def large(value: Decimal) -> str:
    """A volume or a market cap in three digits: ``34.5 B``, ``1.08 T``, ``950 K``."""
    value = Context(prec=3, rounding=ROUND_HALF_EVEN).plus(value)
    for unit, size in _LARGE:
        if abs(value) >= size:
            return f"{exact(value / size)} {unit}"
    return amount(value)


def percent(value: Decimal) -> str:
    """A change with its sign: ``+5.3 %``, ``-0.42 %``."""
    decimals = 1 if abs(value) >= 1 else 2
    return f"{_WIDE.quantize(value, Decimal(1).scaleb(-decimals)):+,f} %"


def when(moment: datetime) -> str:
    """``2026-11-21 07:35 UTC``, with seconds where there are some."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment.second else f"{moment:%Y-%m-%d %H:%M} UTC"


def clock(moment: datetime, now: datetime) -> str:
    """``07:35 UTC`` for a moment of today, else as ``when``."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else when(moment)


def span(length: timedelta) -> str:
    """The two largest units: ``25 min``, ``1 h 30 min``, ``2 d 4 h``."""
    words, rest = [], length
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2]) or "less than a minute"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``1,200 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def subject(text: str) -> str:
    """One ASCII line of at most 99 characters that begins with a printable one.

    Source: Amazon SNS API Reference, Publish, parameter Subject.
    """
    line = _UNPRINTABLE.sub(" ", text).encode("ascii", "replace").decode()
    line = f"[coinlake] {line.strip()}"
    return line if len(line) <= MAX_SUBJECT_CHARACTERS else f"{line[: MAX_SUBJECT_CHARACTERS - 3]}..."


def _decimals(value: Decimal) -> int:
    size = abs(value)
    if size >= _WHOLE or not size:
        return 2
    return 4 if size >= 1 else 2 - size.adjusted()


def _rounded(value: Decimal, decimals: int) -> str:
    """At least two decimals, so that money looks like money; no trailing zeros after them."""
    text = f"{_WIDE.quantize(value, Decimal(1).scaleb(-decimals)):,f}"
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits.rstrip('0').ljust(2, '0')}"
