"""Rows of the refined tables that market rules read: spreads, asset_days and their history.

Only the rows of the assets that a rule names become Python values, so a file of thousands of
rows costs little.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

import pyarrow as pa

from coinlake import parquet
from coinlake.errors import BadKey, NotFound
from coinlake.keys import REFINED, Partition, RefinedKey
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from notify.rules.observations import Unreadable, with_times

SPREADS: Final = "spreads"
DAYS: Final = "asset_days"
MAX_FILE_BYTES: Final = 64 << 20  # a month of 1,000 markets has 3 MB
_MARKET: Final = ("source", "base", "quote")


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
    """A market's day; that of today is still running. Volumes are null where the source tells none."""

    dt: date
    high: Decimal
    low: Decimal
    close: Decimal
    peak: Decimal
    volume: Decimal | None
    quote_volume: Decimal | None


def spreads(body: bytes, assets: Collection[str]) -> list[SpreadRow]:
    """The spreads of the assets, oldest first; raises ``Unreadable`` for what is no such file."""
    names = (*_MARKET, "observed_at", "price", "median", "venues")
    rows = with_times(_selected(SPREADS, body, assets, names), "observed_at")
    return sorted((SpreadRow(**row) for row in rows), key=lambda row: row.observed_at)


def days(body: bytes, assets: Collection[str]) -> list[DayRow]:
    """The days of the assets, oldest first; raises ``Unreadable`` for what is no such file."""
    names = (*_MARKET, "dt", "high", "low", "close", "peak", "volume", "quote_volume")
    rows = _selected(DAYS, body, assets, names).to_pylist()
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


@dataclass(slots=True)
class DayHistory:
    """``asset_days`` of some assets, read month by month and no further than needed.

    It remembers what it read, so it lives as long as one event.
    """

    lake: ObjectStore
    assets: frozenset[str]
    _by_series: dict[Partition, dict[str, list[DayRow]]] = field(default_factory=dict)
    _months: list[Partition] | None = None

    def before(self, day: DayRow) -> Iterator[DayRow]:
        """The market's earlier days that the lake holds, newest first."""
        for month in self._existing(Partition.month(day.dt)):
            for row in reversed(self._month(month).get(day.series, [])):
                if row.dt < day.dt:
                    yield row

    def on(self, days: Collection[date]) -> list[DayRow]:
        """All markets' rows of these days, oldest first."""
        months = sorted({Partition.month(day) for day in days})
        return [
            row for month in months for rows in self._month(month).values() for row in rows if row.dt in days
        ]

    def _existing(self, newest: Partition) -> list[Partition]:
        """The months up to the newest that have a file, newest first."""
        if self._months is None:
            months = (_month_of(key) for key in self.lake.keys(f"{REFINED}{DAYS}/"))
            self._months = sorted((month for month in months if month), reverse=True)
        return [month for month in self._months if month <= newest]

    def _month(self, month: Partition) -> dict[str, list[DayRow]]:
        if month not in self._by_series:
            by_series = self._by_series[month] = {}
            for row in self._read(month):
                by_series.setdefault(row.series, []).append(row)
        return self._by_series[month]

    def _read(self, month: Partition) -> list[DayRow]:
        try:
            body = self.lake.get(str(RefinedKey(DAYS, month)), MAX_FILE_BYTES).body
        except NotFound:
            return []
        return days(body, self.assets)


def _month_of(key: str) -> Partition | None:
    try:
        return RefinedKey.parse(key).partition
    except BadKey:
        return None
