"""The rows of an answer that have the shape that their source documents, and their fields.

Each function puts the rows of another shape into the sheet's faults; its sheet's row ``i`` is the
list's row ``i``.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import pyarrow as pa

from coinlake.records import Rejection
from transform.columns import Sheet
from transform.notes import new_fields
from transform.numbers import Limits
from transform.payload import Repeated


def objects(rows: Sequence[Any], *, written: bool = False) -> tuple[Sheet, list[dict[str, Any]]]:
    """Rows that are objects; ``written`` where the source writes their numbers as texts."""
    if set(map(type, rows)) == {dict}:
        return Sheet(range(len(rows)), {}, written=written), list(rows)
    faults = {number: _misshapen(number, row) for number, row in enumerate(rows) if type(row) is not dict}
    numbers = [number for number in range(len(rows)) if number not in faults]
    return Sheet(numbers, faults, written=written), [rows[number] for number in numbers]


def lists(rows: Sequence[Any], width: int, *, written: bool = False) -> tuple[Sheet, list[list[Any]]]:
    """Rows that are lists of at least ``width`` values: a new column must not cost the old ones."""
    faults = {
        number: Rejection.of("bad_shape", number, value=row)
        for number, row in enumerate(rows)
        if not isinstance(row, list) or len(row) < width
    }
    numbers = [number for number in range(len(rows)) if number not in faults]
    return Sheet(numbers, faults, written=written), [rows[number] for number in numbers]


def field(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """One field of rows that are objects; None where a row does not have it."""
    return [row.get(name) for row in rows]


def decimals(
    sheet: Sheet, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, tuple[str, Limits]]
) -> dict[str, pa.Array]:
    """Exact columns from the fields that ``fields`` names, with their limits, for each column."""
    return {
        column: sheet.decimals(name, field(rows, name), limits) for column, (name, limits) in fields.items()
    }


def unlisted(rows: Sequence[Mapping[str, Any]], known: Set[str]) -> list[str]:
    """Notes for fields of rows that are objects."""
    return new_fields(set().union(*rows) - known)


def unlisted_columns(rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    """Notes for values past the ``width`` that are documented, of rows that are lists."""
    longest = max(map(len, rows), default=0)
    return new_fields([f"column_{number + 1}" for number in range(width, longest)])


def _misshapen(number: int, row: Any) -> Rejection:
    if isinstance(row, Repeated):
        return Rejection.of("duplicate_key", number, value=row)
    return Rejection.of("not_an_object", number, value=row)
