"""Rows of extreme values: what a warehouse must hold exactly before it is trusted with the lake's."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from coinlake.tables import DECIMAL, LIVE_PRICE, LIVE_VOLUME, TIMESTAMP

PROBE: Final = "probe"  # the name of a table for them, which refined does not have
_DIGITS = "12345678901234567890.123456789012345678"  # all 38


def probe_rows() -> pa.Table:
    """Twenty rows: a column of each type, each with its extremes, then nulls."""
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "text": (pa.string(), ["", "~", "a|b", "Ð€🚀", "'\"\\", " \t\n", "x" * 1000]),
        "wide": (DECIMAL, _decimals(DECIMAL, _DIGITS)),
        "price": (LIVE_PRICE, _decimals(LIVE_PRICE, "1234567890.12345678")),
        "volume": (LIVE_VOLUME, _decimals(LIVE_VOLUME, "12345678901234567890.12345678")),
        "moment": (TIMESTAMP, [_time(1), _time(1970), _time(2026, 123456), _time(9999, 999999), _time(1969)]),
        "flag": (pa.bool_(), [True, False]),
        "count": (pa.int64(), [0, 1, -1, 2**63 - 1, -(2**63)]),
        "parts": (pa.int32(), [0, 2**31 - 1, -(2**31)]),
        "ratio": (pa.float64(), [0.0, -0.0, 0.1, -0.25, 1e-10, 12345.6789012345, 1e15, 0.00000000005]),
    }
    return pa.table(
        {
            name: pa.array([*values, *[None] * (20 - len(values))], kind)
            for name, (kind, values) in columns.items()
        }
    )


def _decimals(kind: pa.DataType, digits: str) -> list[Decimal]:
    largest = "9" * (kind.precision - kind.scale) + "." + "9" * kind.scale
    values = ["0", f"1e-{kind.scale}", "1", "1.5", "0.00000012", digits, largest]
    return [Decimal(sign + value) for value in values for sign in ("", "-")]


def _time(year: int, microsecond: int = 0) -> datetime:
    return datetime(year, 1, 1, microsecond=microsecond, tzinfo=UTC)
