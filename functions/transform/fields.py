"""The values that a table needs of a line of JSON."""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

TEXT: Final = pa.string()
WHOLE: Final = pa.int64()
FLAG: Final = pa.bool_()
_UNQUOTED: Final = (WHOLE, FLAG)


@dataclass(frozen=True, slots=True)
class Field:
    """A value that a table needs: where it stands in a line, its type, the code if it is null.

    ``varies`` says that a whole number is not as long in each line, as times of one unit are.
    """

    path: tuple[str, ...]
    kind: pa.DataType
    missing: str | None = None
    varies: bool = False

    def of(self, row: Any) -> Any:
        """The field's value in a decoded line; None where there is none."""
        for name in self.path:
            row = row.get(name) if isinstance(row, dict) else None
        return row

    def stands_at(self, value: Any) -> bool:
        """Whether ``value`` is a place of this field's kind; whole numbers and flags are not quoted."""
        return type(value) is (int if self.kind in _UNQUOTED else str)
