"""The days of markets before a day, read month by month backwards and no further than asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from coinlake.errors import BadKey, NotFound
from coinlake.keys import REFINED, parse_refined, refined_key
from coinlake.stores import ObjectStore
from notify import market_rows
from notify.market_rows import DAYS, Day, Market

MAX_PART_BYTES: Final = 64 << 20  # a month of 1,000 markets has 3 MB
_MONTH: Final = "month="


@dataclass(slots=True)
class History:
    """``asset_days`` of some assets. It remembers what it read, so it lives as long as one event."""

    lake: ObjectStore
    assets: frozenset[str]
    _days: dict[str, dict[Market, list[Day]]] = field(default_factory=dict)
    _months: list[str] | None = None

    def before(self, day: Day) -> Iterator[Day]:
        """The market's earlier days that the lake holds, newest first."""
        market = Market(day.source, day.base, day.quote)
        for month in self._existing(f"{day.dt:%Y-%m}"):
            for one in reversed(self._of(month).get(market, [])):
                if one.dt < day.dt:
                    yield one

    def on(self, days: tuple[date, ...]) -> list[Day]:
        """All markets' rows of these days, oldest first."""
        months = sorted({f"{day:%Y-%m}" for day in days})
        return [
            one for month in months for market in self._of(month).values() for one in market if one.dt in days
        ]

    def _existing(self, newest: str) -> list[str]:
        """The months up to the newest that have a part, newest first."""
        if self._months is None:
            found = (_month(key) for key in self.lake.keys(f"{REFINED}{DAYS}/"))
            self._months = sorted((month for month in found if month), reverse=True)
        return [month for month in self._months if month <= newest]

    def _of(self, month: str) -> dict[Market, list[Day]]:
        if month not in self._days:
            by_market: dict[Market, list[Day]] = {}
            for row in self._read(month):
                by_market.setdefault(Market(row.source, row.base, row.quote), []).append(row)
            self._days[month] = by_market
        return self._days[month]

    def _read(self, month: str) -> list[Day]:
        try:
            body = self.lake.get(refined_key(DAYS, f"{_MONTH}{month}"), MAX_PART_BYTES).body
        except NotFound:
            return []
        return market_rows.days(body, self.assets)


def _month(key: str) -> str | None:
    try:
        return parse_refined(key)[1].removeprefix(_MONTH)
    except BadKey:
        return None
