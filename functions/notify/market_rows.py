"""Rows of the refined tables that rules read: spreads, asset_days.

Only the rows of the assets that a rule names become Python values, so a part of thousands of
rows costs little.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

import pyarrow as pa

from coinlake import parquet
from coinlake.tables import refined
from notify.observations import Unreadable, with_times

SPREADS: Final = "spreads"
DAYS: Final = "asset_days"
_MARKET: Final = ("source", "base", "quote")


@dataclass(frozen=True, slots=True)
class Market:
    """One pair at one source."""

    source: str
    base: str
    quote: str

    @property
    def series(self) -> str:
        return f"{self.source}#{self.base}#{self.quote}"


@dataclass(frozen=True, slots=True)
class Spread(Market):
    """A source's price beside the median of all ``venues`` in the same currency and five minutes."""

    observed_at: datetime
    price: Decimal
    median: Decimal
    venues: int


@dataclass(frozen=True, slots=True)
class Day(Market):
    """A market's day; that of today is still running. Volumes are null where the source tells none."""

    dt: date
    high: Decimal
    low: Decimal
    close: Decimal
    peak: Decimal
    volume: Decimal | None
    quote_volume: Decimal | None


def spreads(body: bytes, assets: Collection[str]) -> list[Spread]:
    """The spreads of the assets, oldest first; raises ``Unreadable`` for what is no such part."""
    names = (*_MARKET, "observed_at", "price", "median", "venues")
    rows = with_times(_selected(SPREADS, body, assets, names), "observed_at")
    return sorted((Spread(**row) for row in rows), key=lambda row: row.observed_at)


def days(body: bytes, assets: Collection[str]) -> list[Day]:
    """The days of the assets, oldest first; raises ``Unreadable`` for what is no such part."""
    names = (*_MARKET, "dt", "high", "low", "close", "peak", "volume", "quote_volume")
    rows = _selected(DAYS, body, assets, names).to_pylist()
    found = [Day(**row | {"dt": date.fromisoformat(row["dt"])}) for row in rows]
    return sorted(found, key=lambda row: row.dt)


def table(name: str, body: bytes) -> pa.Table:
    """A part's rows; raises ``Unreadable`` for what refine did not write as it writes."""
    try:
        return parquet.decode(refined()[name], body)
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise Unreadable(f"unreadable: a part of {name} ({type(error).__name__})") from error


def _selected(name: str, body: bytes, assets: Collection[str], columns: Collection[str]) -> pa.Table:
    """The assets' rows, which lie together: parts are sorted by ``base``.

    By slices, because pyarrow imports pandas to make a mask (pyarrow 25, ``pa.scalar``).
    """
    rows = table(name, body)
    runs, start = [rows.slice(0, 0)], 0
    for base, same in groupby(rows["base"].to_pylist()):
        length = sum(1 for _ in same)
        if base in assets:
            runs.append(rows.slice(start, length))
        start += length
    return pa.concat_tables(runs).select(list(columns))
