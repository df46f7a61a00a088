"""Columns of decoded JSON into Arrow, whole columns at a time, naming each row that does not fit.

Arrow converts a column of clean values in one call. Only a column that Arrow refuses is looked
at value by value, so that clean documents, nearly all, never pay for dirty ones.
"""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.records import Rejection
from coinlake.tables import DECIMAL, TIMESTAMP
from transform.columns import times
from transform.columns.numbers import (
    InvalidNumber,
    Limits,
    decimals_from_texts,
    from_text,
    has_underflowed,
    to_decimal,
    to_integer,
    to_unrounded_decimal,
)
from transform.model import RepeatedKeys

MAX_TEXT_CHARACTERS: Final = 200
MAX_NEW_FIELDS: Final = 20


@dataclass(slots=True)
class ColumnValidator:
    """Checks the columns of one document's rows, of those that have the documented shape.

    ``row_numbers[i]`` is the number in the document of the validator's row ``i``. Each method takes a
    column's values, one for each row, and returns an Arrow array as long, with nulls where
    ``rejections`` (by row number; a row's first fault wins) has an entry for the row. A column that may
    be null, one without a code for ``missing``, condemns no row: a value that does not fit is null, and
    ``nulled`` notes it (decision 14). ``numbers_as_text`` says that the source, by its own documentation,
    writes numbers as texts.
    """

    row_numbers: Sequence[int]
    rejections: dict[int, Rejection]
    rounded: list[int] = field(default_factory=list)
    numbers_as_text: bool = False
    nulled: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def decimals(
        self,
        name: str,
        values: Sequence[Any],
        limits: Limits,
        missing: str | None = None,
        *,
        condemns: bool = False,
    ) -> pa.Array:
        """Exact (38,18) decimals within ``limits``; ``missing`` is the code of a null, if a fault.

        With ``condemns`` a null is none, and what does not fit is a fault all the same.
        """
        condemns = condemns or missing is not None
        try:
            column = self._decimals(values)
        except (ValueError, TypeError):
            exact = [self._exact(row, name, value, condemns=condemns) for row, value in _each(values)]
            column = pa.array(exact, DECIMAL)
        self._reject_nulls(missing, name, column)
        return self._bounded("out_of_range", limits.outside(column), name, column, values, condemns=condemns)

    def unrounded_decimals(
        self, name: str, values: Sequence[Any], kind: pa.DataType, missing: str | None = None
    ) -> pa.Array:
        """Decimals of ``kind`` from numbers or their texts; what has more decimals is ``inexact``."""
        column = pa.array(
            [
                self._attempt(to_unrounded_decimal, row, name, value, kind, condemns=missing is not None)
                for row, value in enumerate(values)
            ],
            kind,
        )
        self._reject_nulls(missing, name, column)
        return column

    def integers(
        self,
        name: str,
        values: Sequence[Any],
        kind: pa.DataType,
        missing: str | None = None,
        *,
        condemns: bool = False,
    ) -> pa.Array:
        """Whole numbers of an Arrow integer type; ``condemns`` as of ``decimals``."""
        condemns = condemns or missing is not None
        try:
            column = self._decimals(values).cast(kind)
            if any(
                has_underflowed(values[row]) for row in pc.indices_nonzero(pc.equal(column, 0)).to_pylist()
            ):
                raise ValueError("Arrow reads 1e-162 as 0")
        except (ValueError, TypeError):
            column = pa.array(
                [
                    self._attempt(to_integer, row, name, value, kind.bit_width, condemns=condemns)
                    for row, value in _each(values)
                ],
                kind,
            )
        self._reject_nulls(missing, name, column)
        return column

    def texts(self, name: str, values: Sequence[Any], missing: str | None = "missing_field") -> pa.Array:
        """Names: at most 200 characters, none of them a control character or half a surrogate pair.

        Where ``missing`` is None a name may be null, and an empty one is.
        """
        try:
            column = pa.array(values, pa.string())
        except (ValueError, TypeError):
            texts = [
                self._text(row, name, value, condemns=missing is not None) for row, value in _each(values)
            ]
            column = pa.array(texts, pa.string())
        self._reject_nulls(missing, name, column)
        bad = pc.match_substring_regex(column, r"\p{Cc}")
        empty = pc.equal(column, "")
        too_long = pc.greater(pc.utf8_length(column), MAX_TEXT_CHARACTERS)
        if missing:
            self.reject("bad_text", pc.or_(bad, empty), name, values)
            self.reject("too_long", too_long, name, values)
            return column
        column = self.nullify("bad_text", bad, name, column)
        column = self.nullify("too_long", too_long, name, column)
        return pc.if_else(empty, None, column)

    def booleans(self, name: str, values: Sequence[Any], missing: str | None = "missing_field") -> pa.Array:
        """Booleans, nulls allowed where ``missing`` is None."""
        column = pa.array([value if isinstance(value, bool) else None for value in values], pa.bool_())
        for row, value in enumerate(values):
            if value is not None and not isinstance(value, bool):
                self._blame(row, "bad_type", name, value, condemns=missing is not None)
        self._reject_nulls(missing, name, column)
        return column

    def timestamps(self, name: str, values: Sequence[Any], missing: str | None = "missing_field") -> pa.Array:
        """ISO-8601 times with their zone, whenever they are."""
        column = pa.array([self._time(row, name, value) for row, value in enumerate(values)], TIMESTAMP)
        self._reject_nulls(missing, name, column)
        return column

    def iso_times(self, name: str, values: Sequence[Any], received_at: datetime) -> pa.Array:
        """ISO-8601 times with their zone; of up to nine decimals of a second six stay."""
        try:
            column = times.parse_iso_texts(values)
        except (ValueError, TypeError):
            column = pa.array([self._time(row, name, value) for row, value in _each(values)], TIMESTAMP)
        self._reject_nulls("missing_field", name, column)
        self._check_plausible(name, values, column, received_at)
        return column

    def epoch_times(
        self, name: str, values: Sequence[Any], received_at: datetime, unit: int = times.SECOND
    ) -> pa.Array:
        """Times since 1970 in one ``unit`` for all rows; a time in another unit is rejected for its year."""
        stamps = self.integers(name, values, pa.int64(), "missing_field")
        return self._since_epoch(name, values, stamps, pa.scalar(unit, pa.int64()), received_at)

    def fine_times(self, name: str, values: Sequence[Any], received_at: datetime) -> pa.Array:
        """Milliseconds or microseconds since 1970, by the size of each value."""
        stamps = self.integers(name, values, pa.int64(), "missing_field")
        return self._since_epoch(name, values, stamps, times.units_by_size(stamps), received_at)

    def reject(self, code: str, wrong: pa.Array, name: str, values: Sequence[Any] | None = None) -> None:
        """Reject each row that ``wrong``, a boolean column, is true for."""
        for row in pc.indices_nonzero(wrong).to_pylist():
            self.reject_row(row, code, name, None if values is None else values[row])

    def reject_row(self, row: int, code: str, name: str, value: object) -> None:
        """Reject one row, unless it has been already."""
        number = self.row_numbers[row]
        if number not in self.rejections:
            self.rejections[number] = Rejection.of(code, number, name, value)

    def nullify(self, code: str, wrong: pa.Array, name: str, column: pa.Array) -> pa.Array:
        """The column, null and noted in each row that ``wrong`` is true for: such a value condemns no row."""
        rows = pc.indices_nonzero(wrong).to_pylist()
        if not rows:
            return column
        self.nulled.setdefault((name, code), []).extend(self.row_numbers[row] for row in rows)
        return pc.if_else(pc.fill_null(wrong, False), pa.scalar(None, column.type), column)

    def nulled_notes(self) -> list[str]:
        """``nulled:<field>:<code>:<rows>``, of the rows that are kept."""
        return nulled_notes(
            {fault: sum(row not in self.rejections for row in rows) for fault, rows in self.nulled.items()}
        )

    def _bounded(
        self,
        code: str,
        wrong: pa.Array,
        name: str,
        column: pa.Array,
        values: Sequence[Any],
        *,
        condemns: bool,
    ) -> pa.Array:
        if not condemns:
            return self.nullify(code, wrong, name, column)
        self.reject(code, wrong, name, values)
        return column

    def _blame(self, row: int, code: str, name: str, value: object, *, condemns: bool) -> None:
        if condemns:
            self.reject_row(row, code, name, value)
        else:
            self.nulled.setdefault((name, code), []).append(self.row_numbers[row])

    def _decimals(self, values: Sequence[Any]) -> pa.Array:
        if self.numbers_as_text and isinstance(next(filter(None, values), None), str | pa.Scalar):
            return decimals_from_texts(values)
        return pa.array(values, DECIMAL)

    def _since_epoch(
        self, name: str, values: Sequence[Any], stamps: pa.Array, units: Any, received_at: datetime
    ) -> pa.Array:
        plausible = times.plausible_stamps(stamps, units)
        self.reject("bad_time", pc.invert(plausible), name, values)
        column = pc.multiply(pc.if_else(plausible, stamps, None), units).cast(TIMESTAMP)
        self._check_plausible(name, values, column, received_at)
        return column

    def _reject_nulls(self, code: str | None, name: str, column: pa.Array) -> None:
        if code and column.null_count:
            self.reject(code, column.is_null(), name)

    def _check_plausible(
        self, name: str, values: Sequence[Any], column: pa.Array, received_at: datetime
    ) -> None:
        self.reject("bad_time", pc.invert(times.plausible(column)), name, values)
        self.reject("future_time", times.in_future(column, received_at), name, values)

    def _exact(self, row: int, name: str, value: Any, *, condemns: bool) -> Any:
        given = from_text(value) if self.numbers_as_text else value
        try:
            number = to_decimal(given)
        except InvalidNumber as invalid:
            self._blame(row, invalid.code, name, value, condemns=condemns)
            return None
        if number != given:
            self.rounded.append(self.row_numbers[row])
        return number

    def _attempt(
        self,
        read: Callable[[Any, Any], Any],
        row: int,
        name: str,
        value: Any,
        kind: Any,
        *,
        condemns: bool,
    ) -> Any:
        try:
            return read(from_text(value) if self.numbers_as_text else value, kind)
        except InvalidNumber as invalid:
            self._blame(row, invalid.code, name, value, condemns=condemns)
            return None

    def _text(self, row: int, name: str, value: Any, *, condemns: bool) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            self._blame(row, "bad_type", name, value, condemns=condemns)
            return None
        try:
            value.encode()
        except UnicodeEncodeError:
            self._blame(row, "bad_text", name, value, condemns=condemns)
            return None
        return value

    def _time(self, row: int, name: str, value: Any) -> Any:
        try:
            return times.parse_iso_texts([value])[0]
        except (ValueError, TypeError):
            self.reject_row(row, "bad_time", name, value)
            return None


def _each(values: Sequence[Any] | pa.Array) -> enumerate[Any]:
    return enumerate(values.to_pylist() if isinstance(values, pa.Array) else values)


def validate_objects(
    rows: Sequence[Any], *, numbers_as_text: bool = False
) -> tuple[ColumnValidator, list[dict[str, Any]]]:
    """Rows that are objects; ``numbers_as_text`` where the source writes their numbers as texts."""
    if set(map(type, rows)) == {dict}:
        return ColumnValidator(range(len(rows)), {}, numbers_as_text=numbers_as_text), list(rows)
    rejections = {number: _misshapen(number, row) for number, row in enumerate(rows) if type(row) is not dict}
    row_numbers = [number for number in range(len(rows)) if number not in rejections]
    return ColumnValidator(row_numbers, rejections, numbers_as_text=numbers_as_text), [
        rows[number] for number in row_numbers
    ]


def validate_lists(
    rows: Sequence[Any], width: int, *, numbers_as_text: bool = False
) -> tuple[ColumnValidator, list[list[Any]]]:
    """Rows that are lists of at least ``width`` values: a new column must not cost the old ones."""
    rejections = {
        number: Rejection.of("bad_shape", number, value=row)
        for number, row in enumerate(rows)
        if not isinstance(row, list) or len(row) < width
    }
    row_numbers = [number for number in range(len(rows)) if number not in rejections]
    return ColumnValidator(row_numbers, rejections, numbers_as_text=numbers_as_text), [
        rows[number] for number in row_numbers
    ]


def field_values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """One field of rows that are objects; None where a row does not have it."""
    return [row.get(name) for row in rows]


def unknown_fields(rows: Sequence[Mapping[str, Any]], known: Set[str]) -> list[str]:
    """Notes for fields of rows that are objects."""
    return new_field_notes(set().union(*rows) - known)


def unknown_columns(rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    """Notes for values past the ``width`` that are documented, of rows that are lists."""
    longest = max(map(len, rows), default=0)
    return new_field_notes([f"column_{number + 1}" for number in range(width, longest)])


def _misshapen(number: int, row: Any) -> Rejection:
    if isinstance(row, RepeatedKeys):
        return Rejection.of("duplicate_key", number, value=row)
    return Rejection.of("not_an_object", number, value=row)


def nulled_notes(counts: Mapping[tuple[str, str], int]) -> list[str]:
    """Notes for values that did not fit their column, which may be null, by field and code."""
    return [f"nulled:{name}:{code}:{count}" for (name, code), count in sorted(counts.items()) if count][
        :MAX_NEW_FIELDS
    ]


def new_field_notes(names: Collection[Any]) -> list[str]:
    """Notes for fields that the source has added since the parser was written."""
    return [f"new_field:{Rejection.of('new_field', value=name).value}" for name in sorted(names)][
        :MAX_NEW_FIELDS
    ]
