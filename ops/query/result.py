"""Answers of a query: columns and rows, on the screen or in a file that a spreadsheet or pandas opens."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from rich.markup import escape
from rich.table import Table

SCREEN_ROWS: Final = 50
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of Python values: str, int, float, Decimal, bool, datetime, date or None.

    ``types`` are the columns' Arrow types as the engine says them; empty where nobody will ask.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    types: Sequence[pa.DataType] = ()

    def table(self, title: str) -> Table:
        """At most 50 rows; the caption says if there are more."""
        more = len(self.rows) - SCREEN_ROWS
        caption = f"{more:,} more rows; write them all with --csv or --parquet FILE" if more > 0 else None
        width = max(len(title), len(caption or ""))
        table = Table(
            title=title, caption=caption, title_justify="left", caption_justify="left", min_width=width
        )
        for index, name in enumerate(self.columns):
            table.add_column(escape(name), justify="right" if self._numeric(index) else "left")
        for row in self.rows[:SCREEN_ROWS]:
            table.add_row(*(escape(shown(value)) for value in row))
        return table

    def write_csv(self, path: Path) -> None:
        """Every row; a text cell that a spreadsheet would run as a formula gets a leading ``'``."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([spreadsheet_safe(name) for name in self.columns])
            writer.writerows([spreadsheet_safe(value) for value in row] for row in self.rows)

    def write_parquet(self, path: Path) -> None:
        """Every row, exactly: decimals stay decimals, times are UTC without a zone, as in the answer."""
        columns = [[row[index] for row in self.rows] for index in range(len(self.columns))]
        arrays = [_array(values, kind) for values, kind in zip(columns, self.types, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, names=list(self.columns)), path, compression="zstd")

    def _numeric(self, index: int) -> bool:
        values = [row[index] for row in self.rows[:SCREEN_ROWS] if row[index] is not None]
        return bool(values) and all(isinstance(value, int | float | Decimal) for value in values)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Athena's embedded stand-in tells no scale of a decimal: it becomes as wide as the values need."""
    if not pa.types.is_decimal(kind):
        return pa.array(values, kind)
    needed = [-int(value.as_tuple().exponent) for value in values if value is not None]
    return pa.array(values, pa.decimal128(kind.precision, max([kind.scale, *needed])))


def spreadsheet_safe(value: Any) -> Any:
    """Text that starts a formula is made text again; numbers, even negative ones, stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value


def shown(value: Any) -> str:
    """A value as people read it: no trailing zeros, no exponent, times in UTC to the second."""
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def plain(number: Decimal) -> str:
    """``1234.5`` for ``1234.500000000000000000``, with thousands separators."""
    if not number.is_finite():
        return str(number)
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
