"""Columns of decoded JSON into Arrow, whole columns at a time, naming each row that does not fit.

Arrow converts a column of clean values in one call. Only a column that Arrow refuses is looked
at value by value, so that clean answers, nearly all, never pay for dirty ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.records import Rejection
from coinlake.tables import DECIMAL, TIMESTAMP
from transform import times
from transform.numbers import Bad, Limits, all_written, exact, unrounded, vanished, whole, written

MAX_TEXT: Final = 200


@dataclass(slots=True)
class Sheet:
    """The rows of one answer that have the right shape, while their columns are checked.

    ``numbers[i]`` is the number in the answer of the sheet's row ``i``. Each method takes a
    column's values, one for each row, and returns an Arrow array as long, with nulls where
    ``faults`` (by number; a row's first fault wins) has an entry for the row. ``written`` says that
    the source, by its own documents, writes numbers as texts.
    """

    numbers: Sequence[int]
    faults: dict[int, Rejection]
    rounded: list[int] = field(default_factory=list)
    written: bool = False

    def decimals(
        self, name: str, values: Sequence[Any], limits: Limits, missing: str | None = None
    ) -> pa.Array:
        """Exact (38,18) decimals within ``limits``; ``missing`` is the code of a null, if a fault."""
        try:
            column = self._decimals(values)
        except (ValueError, TypeError):
            column = pa.array([self._exact(row, name, value) for row, value in _each(values)], DECIMAL)
        self._missing(missing, name, column)
        self.reject("out_of_range", limits.outside(column), name, values)
        return column

    def unrounded(
        self, name: str, values: Sequence[Any], kind: pa.DataType, missing: str | None = None
    ) -> pa.Array:
        """Decimals of ``kind`` from numbers or their texts; what has more decimals is ``inexact``."""
        column = pa.array(
            [self._tried(unrounded, row, name, value, kind) for row, value in enumerate(values)], kind
        )
        self._missing(missing, name, column)
        return column

    def integers(
        self, name: str, values: Sequence[Any], kind: pa.DataType, missing: str | None = None
    ) -> pa.Array:
        """Whole numbers of an Arrow integer type."""
        try:
            column = self._decimals(values).cast(kind)
            if any(vanished(values[row]) for row in pc.indices_nonzero(pc.equal(column, 0)).to_pylist()):
                raise ValueError("Arrow reads 1e-162 as 0")
        except (ValueError, TypeError):
            column = pa.array(
                [self._tried(whole, row, name, value, kind.bit_width) for row, value in _each(values)], kind
            )
        self._missing(missing, name, column)
        return column

    def texts(self, name: str, values: Sequence[Any], missing: str | None = "missing_field") -> pa.Array:
        """Names: at most 200 characters, none of them a control character or half a surrogate pair.

        Where ``missing`` is None a name may be null, and an empty one is.
        """
        try:
            column = pa.array(values, pa.string())
        except (ValueError, TypeError):
            column = pa.array([self._text(row, name, value) for row, value in _each(values)], pa.string())
        self._missing(missing, name, column)
        bad = pc.match_substring_regex(column, r"\p{Cc}")
        empty = pc.equal(column, "")
        self.reject("bad_text", pc.or_(bad, empty) if missing else bad, name, values)
        self.reject("too_long", pc.greater(pc.utf8_length(column), MAX_TEXT), name, values)
        return column if missing else pc.if_else(empty, None, column)

    def flags(self, name: str, values: Sequence[Any], missing: str | None = "missing_field") -> pa.Array:
        """Truth values."""
        column = pa.array([value if isinstance(value, bool) else None for value in values], pa.bool_())
        for row, value in enumerate(values):
            if value is not None and not isinstance(value, bool):
                self.fault(row, "bad_type", name, value)
        self._missing(missing, name, column)
        return column

    def moments(self, name: str, values: Sequence[Any], missing: str | None = "missing_field") -> pa.Array:
        """ISO-8601 times with their zone, whenever they are."""
        column = pa.array([self._time(row, name, value) for row, value in enumerate(values)], TIMESTAMP)
        self._missing(missing, name, column)
        return column

    def iso_times(self, name: str, values: Sequence[Any], received_at: datetime) -> pa.Array:
        """ISO-8601 times with their zone; of up to nine decimals of a second six stay."""
        try:
            column = times.parsed(values)
        except (ValueError, TypeError):
            column = pa.array([self._time(row, name, value) for row, value in _each(values)], TIMESTAMP)
        self._missing("missing_field", name, column)
        self._plausible(name, values, column, received_at)
        return column

    def epoch_times(
        self, name: str, values: Sequence[Any], received_at: datetime, unit: int = times.SECOND
    ) -> pa.Array:
        """Times since 1970 in one ``unit`` for all rows; another unit is found by its year."""
        stamps = self.integers(name, values, pa.int64(), "missing_field")
        return self._since_epoch(name, values, stamps, pa.scalar(unit, pa.int64()), received_at)

    def fine_times(self, name: str, values: Sequence[Any], received_at: datetime) -> pa.Array:
        """Milliseconds or microseconds since 1970, as each row's size tells."""
        stamps = self.integers(name, values, pa.int64(), "missing_field")
        return self._since_epoch(name, values, stamps, times.fine_units(stamps), received_at)

    def reject(self, code: str, wrong: pa.Array, name: str, values: Sequence[Any] | None = None) -> None:
        """Name each row that ``wrong``, a boolean column, is true for."""
        for row in pc.indices_nonzero(wrong).to_pylist():
            self.fault(row, code, name, None if values is None else values[row])

    def fault(self, row: int, code: str, name: str, value: object) -> None:
        """Name one row, unless it has been already."""
        number = self.numbers[row]
        if number not in self.faults:
            self.faults[number] = Rejection.of(code, number, name, value)

    def _decimals(self, values: Sequence[Any]) -> pa.Array:
        if self.written and isinstance(next(filter(None, values), None), str | pa.Scalar):
            return all_written(values)
        return pa.array(values, DECIMAL)

    def _since_epoch(
        self, name: str, values: Sequence[Any], stamps: pa.Array, units: Any, received_at: datetime
    ) -> pa.Array:
        sane = times.sane_stamps(stamps, units)
        self.reject("bad_time", pc.invert(sane), name, values)
        column = pc.multiply(pc.if_else(sane, stamps, None), units).cast(TIMESTAMP)
        self._plausible(name, values, column, received_at)
        return column

    def _missing(self, code: str | None, name: str, column: pa.Array) -> None:
        if code and column.null_count:
            self.reject(code, column.is_null(), name)

    def _plausible(self, name: str, values: Sequence[Any], column: pa.Array, received_at: datetime) -> None:
        self.reject("bad_time", pc.invert(times.sane(column)), name, values)
        self.reject("future_time", times.ahead(column, received_at), name, values)

    def _exact(self, row: int, name: str, value: Any) -> Any:
        given = written(value) if self.written else value
        try:
            number = exact(given)
        except Bad as bad:
            self.fault(row, bad.code, name, value)
            return None
        if number != given:
            self.rounded.append(self.numbers[row])
        return number

    def _tried(self, read: Callable[[Any, Any], Any], row: int, name: str, value: Any, kind: Any) -> Any:
        try:
            return read(written(value) if self.written else value, kind)
        except Bad as bad:
            self.fault(row, bad.code, name, value)
            return None

    def _text(self, row: int, name: str, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(row, "bad_type", name, value)
            return None
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fault(row, "bad_text", name, value)
            return None
        return value

    def _time(self, row: int, name: str, value: Any) -> Any:
        try:
            return times.parsed([value])[0]
        except (ValueError, TypeError):
            self.fault(row, "bad_time", name, value)
            return None


def _each(values: Sequence[Any] | pa.Array) -> enumerate[Any]:
    return enumerate(values.to_pylist() if isinstance(values, pa.Array) else values)
