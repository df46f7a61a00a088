"""The result of a query, on the screen or in a file that a spreadsheet or pandas opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from rich.markup import escape
from rich.table import Table

from coinlake.errors import CoinlakeError

MAX_SCREEN_ROWS: Final = 50
# A spreadsheet runs text that begins so as a formula.
_FORMULA: Final = r"^[=+\-@\t\r\n]"


class QueryFailed(CoinlakeError):
    """The engine refused the query; the message is the engine's own."""


@dataclass(frozen=True)
class QueryResult:
    """Columns and rows as Arrow has them; times are UTC without a zone, decimals exact."""

    arrow: pa.Table

    @classmethod
    def from_rows(
        cls, columns: Sequence[str], rows: Sequence[Sequence[Any]], types: Sequence[pa.DataType | None] = ()
    ) -> Self:
        """From Python values; a column without a type has that of its values.

        A decimal becomes as wide as its values need: the embedded Athena returns no scale.
        """
        types = types or [None] * len(columns)
        arrays = [_array([row[index] for row in rows], kind) for index, kind in enumerate(types)]
        return cls(pa.Table.from_arrays(arrays, names=list(columns)))

    @property
    def columns(self) -> list[str]:
        """The columns' names, each once."""
        return unique_names(self.arrow.column_names)

    @property
    def types(self) -> list[pa.DataType]:
        types: list[pa.DataType] = self.arrow.schema.types
        return types

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """Python values: str, int, float, Decimal, bool, datetime, date, None, lists and dicts of them.

        A column with a time that Python does not have, such as infinity, is text.
        """
        return list(zip(*map(_values, self.arrow.columns), strict=True))

    def document(self) -> dict[str, Any]:
        """For ``--json``: the columns with their types, and each row as an object."""
        return {
            "columns": [
                {"name": name, "type": str(kind)} for name, kind in zip(self.columns, self.types, strict=True)
            ],
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
        }

    def table(self, title: str) -> Table:
        """At most 50 rows; the caption says if there are more."""
        more = len(self.rows) - MAX_SCREEN_ROWS
        caption = f"{more:,} more rows; write them all with --json, --csv or --parquet" if more > 0 else None
        width = max(len(title), len(caption or ""))
        table = Table(
            title=title, caption=caption, title_justify="left", caption_justify="left", min_width=width
        )
        for name, kind in zip(self.columns, self.types, strict=True):
            table.add_column(escape(name), justify="right" if _is_number(kind) else "left")
        for row in self.rows[:MAX_SCREEN_ROWS]:
            table.add_row(*(escape(format_value(value)) for value in row))
        return table

    def write_csv(self, path: Path) -> None:
        """Every row: times in ISO 8601 with microseconds, decimals without trailing zeros.

        A text cell that a spreadsheet would run as a formula gets a leading ``'``.
        """
        names = spreadsheet_safe(pa.array(self.columns, pa.string())).to_pylist()
        safe = pa.Table.from_arrays([spreadsheet_safe(column) for column in self.arrow.columns], names=names)
        cells = (
            f'{_csv_cell(position, kind)} AS "{name.replace(chr(34), chr(34) * 2)}"'
            for position, (name, kind) in enumerate(zip(names, self.types, strict=True), start=1)
        )
        with duckdb.connect() as database:
            database.from_arrow(safe).project(", ".join(cells)).write_csv(str(path), header=True)

    def write_parquet(self, path: Path) -> None:
        """Every row, exactly: decimals stay decimals, times are UTC without a zone."""
        with duckdb.connect() as database:
            named = self.arrow.rename_columns(self.columns)
            database.from_arrow(named).write_parquet(str(path), compression="zstd")


def unique_names(names: Sequence[str]) -> list[str]:
    """The names; one that repeats an earlier one has a number: ``price``, ``price_1``."""
    unique: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in count(1))
        taken = {*unique, *names}
        unique.append(name if name not in unique else next(other for other in numbered if other not in taken))
    return unique


def _values(column: pa.ChunkedArray) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):  # a year beyond 9999 or before 1, or infinity
        with duckdb.connect() as database:
            texts = database.from_arrow(pa.table([column], names=["t"])).project("CAST(t AS VARCHAR)")
            values = [text for (text,) in texts.fetchall()]
    return values


def _csv_cell(position: int, kind: pa.DataType) -> str:
    """The cell as SQL, of the column at ``position`` from 1."""
    if pa.types.is_timestamp(kind):
        return f"strftime(#{position}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    if pa.types.is_decimal(kind) and kind.scale:
        return rf"regexp_replace(CAST(#{position} AS VARCHAR), '\.?0+$', '')"
    return f"#{position}"


def _array(values: list[Any], kind: pa.DataType | None) -> pa.Array:
    if kind is None or not pa.types.is_decimal(kind):
        return pa.array(values, kind)
    needed = [-int(value.as_tuple().exponent) for value in values if value is not None]
    return pa.array(values, pa.decimal128(kind.precision, max([kind.scale, *needed])))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def spreadsheet_safe(column: Any) -> Any:
    """Text that starts a formula is made text again; numbers, even negative ones, stay numbers."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    marks = pc.if_else(pc.match_substring_regex(column, _FORMULA), "'", "")
    return pc.binary_join_element_wise(marks, column, "")


def format_value(value: Any) -> str:
    """A value as people read it: no trailing zeros, no exponent, times in UTC to the second."""
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return format_decimal(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def format_decimal(number: Decimal) -> str:
    """``1,234.5`` for ``1234.500000000000000000``: thousands separators, no trailing zeros."""
    if not number.is_finite():
        return str(number)
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def first_line(error: object) -> str:
    """The engine's message without what follows in later lines, at most 300 characters."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]
