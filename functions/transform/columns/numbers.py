"""One number at a time: what Arrow refuses of a column is decided here, value by value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import DECIMAL, LIVE_PRICE, LIVE_VOLUME


def _unit(kind: pa.DataType) -> Decimal:
    return Decimal(f"1e-{kind.scale}")


def _largest(kind: pa.DataType) -> Decimal:
    """Spelled, not computed: Python's default context would round to 28 digits."""
    return Decimal("9" * kind.precision).scaleb(-kind.scale, Context(prec=kind.precision))


_UNIT: Final = _unit(DECIMAL)
_LARGEST: Final = _largest(DECIMAL)
_CONTEXT: Final = Context(prec=2 * DECIMAL.precision, rounding=ROUND_HALF_EVEN)
_NUMBER_TEXT: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
# Arrow 25 reads a text of more digits wrongly, without an error: 1e30 becomes 18960114910927365649.47.
_FITTING_TEXT: Final = (
    rf"^[+-]?[0-9]{{1,{DECIMAL.precision - DECIMAL.scale}}}(?:\.[0-9]{{1,{DECIMAL.scale}}})?$"
)
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_NAN: Final = Decimal("NaN")
_MAX_EXPONENT: Final = 308  # of a double: what is written 1e999 reads as infinity elsewhere
_MAX_DIGITS: Final = DECIMAL.precision - DECIMAL.scale


NARROW_PRICE: Final = pa.decimal64(LIVE_PRICE.precision, LIVE_PRICE.scale)  # in memory; in Parquet the same


class InvalidNumber(Exception):
    """A value that is not the number it should be; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """The inclusive range of a decimal column of ``kind``."""

    low: Decimal
    high: Decimal
    kind: pa.DataType = DECIMAL

    def above(self, column: pa.Array) -> pa.Array:
        """Which values of a column are more than the range has."""
        return pc.greater(comparable(column), self._comparable(self.high))

    def outside(self, column: pa.Array) -> pa.Array:
        """Which values of a column are not in the range."""
        return pc.or_(pc.less(comparable(column), self._comparable(self.low)), self.above(column))

    def _comparable(self, limit: Decimal) -> pa.Scalar:
        if pa.types.is_decimal64(self.kind):
            return pa.scalar(int(limit.scaleb(self.kind.scale)), pa.int64())
        return pa.scalar(limit, self.kind)


def comparable(column: pa.Array) -> pa.Array:
    """Short decimals as whole numbers, which Arrow compares ten times as fast; any other column as it is."""
    return column.view(pa.int64()) if pa.types.is_decimal64(column.type) else column


PRICE: Final = Limits(_UNIT, Decimal("1e12"))
VOLUME: Final = Limits(Decimal(0), _LARGEST)
ANY: Final = Limits(_LARGEST.copy_negate(), _LARGEST)
LIVE_LIMITS: Final = {
    LIVE_PRICE: Limits(_unit(LIVE_PRICE), _largest(LIVE_PRICE), LIVE_PRICE),
    NARROW_PRICE: Limits(_unit(LIVE_PRICE), _largest(LIVE_PRICE), NARROW_PRICE),
    LIVE_VOLUME: Limits(Decimal(0), _largest(LIVE_VOLUME), LIVE_VOLUME),
}


def to_decimal(value: Any) -> Decimal | None:
    """The value with at most 18 decimals, rounded half-even; ``InvalidNumber`` if it is no such number."""
    if value is None:
        return None
    number = _finite(value)
    if number.adjusted() >= _MAX_DIGITS:
        raise InvalidNumber("out_of_range")
    fitting = number.quantize(_UNIT, context=_CONTEXT)
    if fitting.copy_abs() > _LARGEST:  # rounding may have carried
        raise InvalidNumber("out_of_range")
    return fitting


def to_unrounded_decimal(value: Any, kind: pa.DataType) -> Decimal | None:
    """The value, a number or text of one, as ``kind`` holds it.

    ``InvalidNumber("inexact")`` if it would have to be rounded.
    """
    number = from_text(value)
    if number is None:
        return None
    number = _finite(number)
    if number.adjusted() >= kind.precision - kind.scale:
        raise InvalidNumber("out_of_range")
    fitting = number.quantize(_unit(kind), context=_CONTEXT)
    if fitting != number:
        raise InvalidNumber("inexact")
    return fitting


def from_text(value: Any) -> Any:
    """A text of a number as that number, for sources that write numbers so; anything else as it is."""
    if isinstance(value, str):
        if _NUMBER_TEXT.fullmatch(value):
            return parse_decimal(value)
        if _NOT_FINITE.fullmatch(value):
            return _NAN
    return value


def decimals_from_texts(values: Sequence[Any] | pa.Array) -> pa.Array:
    """A column of texts of numbers; ``ValueError`` or ``TypeError`` unless each plainly fits."""
    texts = pa.array(values, pa.string())
    if not pc.all(pc.match_substring_regex(texts, _FITTING_TEXT)).as_py():
        raise ValueError("not all are plain texts of numbers that fit")
    return texts.cast(DECIMAL)


def parse_decimal(text: str) -> Decimal:
    """As ``Decimal``; NaN for an exponent of more digits than Decimal itself can hold."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return _NAN


def to_integer(value: Any, bits: int) -> int | None:
    """The value as a signed integer of so many bits; ``InvalidNumber`` if it is none."""
    if value is None:
        return None
    number = _finite(value)
    if number.adjusted() >= _MAX_DIGITS:
        raise InvalidNumber("out_of_range")
    if number != number.to_integral_value():
        raise InvalidNumber("bad_type")
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise InvalidNumber("out_of_range")
    return int(number)


def _finite(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise InvalidNumber("bad_type")
    if not value.is_finite():
        raise InvalidNumber("nonfinite")
    if value.adjusted() > _MAX_EXPONENT and int(value.as_tuple().exponent) > 0:
        raise InvalidNumber("nonfinite")
    return value


def has_underflowed(value: Any) -> bool:
    """Whether a value that Arrow has read as zero is none."""
    return isinstance(value, Decimal) and value != 0
