"""How the dashboard's files are written: JSON in UTF-8, times in UNIX seconds, prices as strings."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

DATA: Final = "data/"
_DIGITS: Final = 8  # of a chart's point: more than a screen has pixels

Row = dict[str, Any]


def body(document: Mapping[str, Any]) -> bytes:
    """Equal documents give equal bytes."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def newest(moments: Sequence[datetime]) -> int:
    """The newest of the times; 0 for none, as on a page without any published data."""
    return int(max(moments).timestamp()) if moments else 0


def exact(value: Decimal) -> str:
    """Every digit that counts, without exponent: 77361.43, 0.00000012."""
    return f"{value.normalize():f}"


def number(value: Decimal | float | None) -> float | None:
    """For a chart or a column of round figures: eight digits."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
