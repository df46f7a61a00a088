"""Columns of decoded JSON into Arrow, whole columns at a time, naming each row that does not fit.

Arrow converts a column of clean values in one call. Only a column that Arrow refuses is looked
at value by value, so that clean answers, nearly all, never pay for dirty ones.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import EPOCH
from coinlake.records import Rejection
from coinlake.tables import DECIMAL, TIMESTAMP
from transform.numbers import Bad, Limits, exact, unrounded, whole

MAX_TEXT: Final = 200
MAX_NEW_FIELDS: Final = 20
CLOCK_SKEW: Final = timedelta(minutes=5)
_SECOND: Final = timedelta(seconds=1)
EARLIEST: Final = datetime(2009, 1, 1, tzinfo=EPOCH.tzinfo)  # before Bitcoin's first block, 3 January 2009
LATEST: Final = datetime(2200, 1, 1, tzinfo=EPOCH.tzinfo)  # seconds read as milliseconds land past it


@dataclass(slots=True)
class Sheet:
    """The rows of one answer that have the right shape, while their columns are checked.

    ``numbers[i]`` is the number in the answer of the sheet's row ``i``. Each method takes a
    column's values, one for each row, and returns an Arrow array as long, with nulls where
    ``faults`` (by number; a row's first fault wins) has an entry for the row.
    """

    numbers: Sequence[int]
    faults: dict[int, Rejection]
    rounded: list[int] = field(default_factory=list)

    def decimals(
        self, name: str, values: Sequence[Any], limits: Limits, missing: str | None = None
    ) -> pa.Array:
        """Exact (38,18) decimals within ``limits``; ``missing`` is the code of a null, if a fault."""
        try:
            column = pa.array(values, DECIMAL)
        except (ValueError, TypeError):
            column = pa.array([self._exact(row, name, value) for row, value in enumerate(values)], DECIMAL)
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
            column = pa.array(values, DECIMAL).cast(kind)
        except (ValueError, TypeError):
            column = pa.array(
                [self._tried(whole, row, name, value, kind.bit_width) for row, value in enumerate(values)],
                kind,
            )
        self._missing(missing, name, column)
        return column

    def texts(self, name: str, values: Sequence[Any]) -> pa.Array:
        """Names: 1 to 200 characters, none of them a control character or half a surrogate pair."""
        try:
            column = pa.array(values, pa.string())
        except (ValueError, TypeError):
            column = pa.array([self._text(row, name, value) for row, value in enumerate(values)], pa.string())
        self._missing("missing_field", name, column)
        bad = pc.or_(pc.match_substring_regex(column, r"\p{Cc}"), pc.equal(column, ""))
        self.reject("bad_text", bad, name, values)
        self.reject("too_long", pc.greater(pc.utf8_length(column), MAX_TEXT), name, values)
        return column

    def iso_times(self, name: str, values: Sequence[Any], received_at: datetime) -> pa.Array:
        """ISO-8601 times with their zone, at most six decimals of a second."""
        try:
            column = pa.array(values, pa.string()).cast(TIMESTAMP)
        except (ValueError, TypeError):
            column = pa.array([self._time(row, name, value) for row, value in enumerate(values)], TIMESTAMP)
        self._missing("missing_field", name, column)
        self._plausible(name, values, column, received_at)
        return column

    def epoch_times(self, name: str, values: Sequence[Any], received_at: datetime) -> pa.Array:
        """Seconds since 1970; milliseconds and microseconds are found by their year."""
        seconds = self.integers(name, values, pa.int64(), "missing_field")
        first, last = ((moment - EPOCH) // _SECOND for moment in (EARLIEST, LATEST))
        sane = pc.and_(pc.greater_equal(seconds, first), pc.less(seconds, last))
        self.reject("bad_time", pc.invert(sane), name, values)
        column = pc.if_else(sane, seconds, None).cast(pa.timestamp("s", tz="UTC")).cast(TIMESTAMP)
        self._plausible(name, values, column, received_at)
        return column

    def reject(self, code: str, wrong: pa.Array, name: str, values: Sequence[Any] | None = None) -> None:
        """Name each row that ``wrong``, a boolean column, is true for."""
        for row in pc.indices_nonzero(wrong).to_pylist():
            self.fault(row, code, name, None if values is None else values[row])

    def fault(self, row: int, code: str, name: str, value: object) -> None:
        """Name one row, unless it has been already."""
        number = self.numbers[row]
        if number not in self.faults:
            self.faults[number] = Rejection.of(code, number, name, value)

    def _missing(self, code: str | None, name: str, column: pa.Array) -> None:
        if code and column.null_count:
            self.reject(code, column.is_null(), name)

    def _plausible(self, name: str, values: Sequence[Any], column: pa.Array, received_at: datetime) -> None:
        sane = pc.and_(pc.greater_equal(column, _time(EARLIEST)), pc.less(column, _time(LATEST)))
        self.reject("bad_time", pc.invert(sane), name, values)
        self.reject("future_time", pc.greater(column, _time(received_at + CLOCK_SKEW)), name, values)

    def _exact(self, row: int, name: str, value: Any) -> Any:
        try:
            number = exact(value)
        except Bad as bad:
            self.fault(row, bad.code, name, value)
            return None
        if number != value:
            self.rounded.append(self.numbers[row])
        return number

    def _tried(self, read: Callable[[Any, Any], Any], row: int, name: str, value: Any, kind: Any) -> Any:
        try:
            return read(value, kind)
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
            return pa.array([value], pa.string()).cast(TIMESTAMP)[0]
        except (ValueError, TypeError):
            self.fault(row, "bad_time", name, value)
            return None


def new_fields(names: Collection[Any]) -> list[str]:
    """Notes for fields that the source has added since the parser was written."""
    return [f"new_field:{Rejection.of('new_field', value=name).value}" for name in sorted(names)][
        :MAX_NEW_FIELDS
    ]


def _time(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment, TIMESTAMP)
