"""Rows of the refined tables that market rules read: spreads and asset_days.

Only the rows of the assets that a rule names become Python values, so a file of thousands of
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
from notify.rules.observations import Unreadable, with_times

SPREADS: Final = "spreads"
DAYS: Final = "asset_days"
_MARKET: Final = ("source", "base", "quote")
_QUOTES: Final = "quotes"


@dataclass(frozen=True, slots=True)
class MarketRow:
    """A row about one pair at one source."""

    source: str
    base: str
    quote: str

    @property
    def series(self) -> str:
        return f"{self.source}#{self.base}#{self.quote}"


@dataclass(frozen=True, slots=True)
class SpreadRow(MarketRow):
    """A source's price beside the median of all ``venues`` in the same currency and five minutes."""

    observed_at: datetime
    price: Decimal
    median: Decimal
    venues: int


@dataclass(frozen=True, slots=True)
class DayRow(MarketRow):
    """A market's day; that of today is still running. Volumes are null where the source tells none.

    Of a day that is not ``is_complete`` something is unknown, or yet to come; with ``has_gap`` something
    before its newest price. ``peak`` is null before the market's first complete day.
    """

    dt: date
    high: Decimal
    low: Decimal
    close: Decimal
    peak: Decimal | None
    volume: Decimal | None
    quote_volume: Decimal | None
    made_from: str
    is_complete: bool | None
    has_gap: bool | None

    @property
    def is_quoted(self) -> bool:
        """Whether its volumes are the 24 hours to its last quote, not those of the day."""
        return self.made_from == _QUOTES


def spreads(body: bytes, assets: Collection[str]) -> list[SpreadRow]:
    """The spreads of the assets, oldest first; raises ``Unreadable`` for what is no such file."""
    names = (*_MARKET, "observed_at", "price", "median", "venues")
    rows = with_times(_selected(SPREADS, body, assets, names), "observed_at")
    return sorted((SpreadRow(**row) for row in rows), key=lambda row: row.observed_at)


def days(body: bytes, assets: Collection[str]) -> list[DayRow]:
    """The days of the assets, oldest first; raises ``Unreadable`` for what is no such file."""
    names = ("dt", "high", "low", "close", "peak", "volume", "quote_volume")
    coverage = ("made_from", "is_complete", "has_gap")
    rows = _selected(DAYS, body, assets, (*_MARKET, *names, *coverage)).to_pylist()
    return sorted(
        (DayRow(**row | {"dt": date.fromisoformat(row["dt"])}) for row in rows), key=lambda row: row.dt
    )


def table(name: str, body: bytes) -> pa.Table:
    """A refined file's rows; raises ``Unreadable`` for what refine did not write as it writes."""
    try:
        return parquet.decode(refined()[name], body)
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise Unreadable(f"unreadable: a file of {name} ({type(error).__name__})") from error


def _selected(name: str, body: bytes, assets: Collection[str], columns: Collection[str]) -> pa.Table:
    """The assets' rows, which lie together: refined files are sorted by ``base``.

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
