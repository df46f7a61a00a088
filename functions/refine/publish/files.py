"""The dashboard's files out of refined parts: pure but for ``read``, which gives a part's rows."""

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from refine.parts import Part
from refine.publish import candles, market, watchlist
from refine.publish.spark import SEEN, sparks
from refine.tables.grouping import together
from refine.tables.months import before, month_of

_DAY: Final = timedelta(days=1)
_LATEST: Final = Part("latest", "")
_NAMED_FIRST: Final = "coingecko"  # its list has names of coins; an exchange's has those of markets


@dataclass(frozen=True, slots=True)
class Lake:
    """Any part's rows, a table's partitions, the gaps of intervals and months."""

    read: Callable[[Part], pa.Table]
    existing: Callable[[str], list[str]]
    gaps: Callable[[Iterable[str], Iterable[str]], pa.Table]


def files(changed: Set[Part], lake: Lake, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Each file that what changed may change, by its name below ``data/``."""
    if _LATEST in changed:
        yield watchlist.FILE, _watchlist(lake)
    years = sorted({part.partition for part in changed if part.table == "market_days"})
    if years:
        yield market.MARKET, market.market(_market_days(lake), now)
    yield from _candles({part for part in changed if part.table == "candles"}, lake)


def _watchlist(lake: Lake) -> bytes:
    latest = lake.read(_LATEST)
    moment: datetime | None = pc.max(latest["observed_at"]).as_py()
    if moment is None:
        return watchlist.watchlist(latest, lake.read(Part("spreads", "month=1970-01")), {}, {})
    days = [f"dt={day:%Y-%m-%d}" for day in (moment - 2 * _DAY, moment - _DAY, moment)]
    months = sorted({f"{day:%Y-%m}" for day in (moment - 2 * _DAY, moment)})
    quotes = together(*(lake.read(Part("quotes", day)).select(SEEN) for day in days))
    hours = together(*(lake.read(Part("candles", f"interval=1h/month={month}")) for month in months))
    names = _names(together(*(lake.read(Part("assets", day)) for day in days)))
    spreads = together(*(lake.read(Part("spreads", f"month={month}")) for month in months))
    return watchlist.watchlist(latest, spreads, sparks(quotes, hours), names)


def _names(assets: pa.Table) -> dict[str, str]:
    """What each asset is called, in the words of the newest list that names coins."""
    coins = assets.filter(pc.field("name").is_valid() & (pc.field("source") == _NAMED_FIRST))
    newest = coins.sort_by("received_at")
    return dict(zip(newest["base"].to_pylist(), newest["name"].to_pylist(), strict=True))


def _market_days(lake: Lake) -> pa.Table:
    years = sorted(lake.existing("market_days"))[-2:]
    return together(*(lake.read(Part("market_days", year)) for year in years))


def _candles(changed: Set[Part], lake: Lake) -> Iterator[tuple[str, bytes]]:
    """Of each interval whose newest candles changed."""
    if not changed:
        return
    there = {Part("candles", partition) for partition in lake.existing("candles")}
    for interval in sorted({part.values["interval"] for part in changed}):
        known = {month_of(part) for part in there if part.values["interval"] == interval}
        shown = [month for month in candles.months(interval, max(known)) if month in known] if known else []
        if not any(month_of(part) in shown for part in changed if part.values["interval"] == interval):
            continue
        parts = [Part("candles", f"interval={interval}/month={month}") for month in shown]
        last = shown[-1]
        gaps = lake.gaps([interval], [before(last), last])
        yield from candles.candle_files(interval, together(*map(lake.read, parts)), gaps)
