"""One number at a time: what Arrow refuses of a column is decided here, value by value."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

import pyarrow as pa

from coinlake.tables import DECIMAL

# Spelled and negated without arithmetic, which would round to the 28 digits of Python's default context.
_UNIT: Final = Decimal(f"1e-{DECIMAL.scale}")
_LARGEST: Final = Decimal("9" * DECIMAL.precision).scaleb(-DECIMAL.scale, Context(prec=DECIMAL.precision))
_CONTEXT: Final = Context(prec=2 * DECIMAL.precision, rounding=ROUND_HALF_EVEN)
_MAX_EXPONENT: Final = 308  # of a double: what is written 1e999 reads as infinity elsewhere
_MAX_DIGITS: Final = DECIMAL.precision - DECIMAL.scale


class Bad(Exception):
    """A value that is not the number it should be; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """The inclusive range of a decimal column."""

    low: pa.Scalar
    high: pa.Scalar

    @classmethod
    def of(cls, low: Decimal, high: Decimal) -> "Limits":
        return cls(pa.scalar(low, DECIMAL), pa.scalar(high, DECIMAL))


PRICE: Final = Limits.of(_UNIT, Decimal("1e12"))
VOLUME: Final = Limits.of(Decimal(0), _LARGEST)
ANY: Final = Limits.of(_LARGEST.copy_negate(), _LARGEST)


def exact(value: Any) -> Decimal | None:
    """The value with at most 18 decimals, rounded half-even; ``Bad`` if it is no such number."""
    if value is None:
        return None
    number = _finite(value)
    if number.adjusted() >= _MAX_DIGITS:
        raise Bad("out_of_range")
    fitting = number.quantize(_UNIT, context=_CONTEXT)
    if fitting.copy_abs() > _LARGEST:  # rounding may have carried
        raise Bad("out_of_range")
    return fitting


def whole(value: Any, bits: int) -> int | None:
    """The value as a signed integer of so many bits; ``Bad`` if it is none."""
    if value is None:
        return None
    number = _finite(value)
    if number.adjusted() >= _MAX_DIGITS:
        raise Bad("out_of_range")
    if number != number.to_integral_value():
        raise Bad("bad_type")
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise Bad("out_of_range")
    return int(number)


def _finite(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise Bad("bad_type")
    if not value.is_finite():
        raise Bad("nonfinite")
    if value.adjusted() > _MAX_EXPONENT and int(value.as_tuple().exponent) > 0:
        raise Bad("nonfinite")
    return value
