"""``asset_days``: a market's day, its returns, its volatility and how far it is below its peak.

A day is the source's daily candle, its own or put together from its hours; without one it is what
the day's quotes say. Months are derived in order: each carries on from the days before it and from
``asset_peaks``, the running peaks at the end of the month before, so the cost of a month does not
grow with history, and a late answer about an older month reaches every later one.
"""

from collections.abc import Callable, Mapping, Set
from datetime import timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import refined
from refine.parts import Part
from refine.tables import asset_peaks
from refine.tables.days import from_candles, from_quotes
from refine.tables.grouping import MARKET, given, lacking, positions, together
from refine.tables.months import after, before, first_day, month_of, through
from refine.tables.statistics import WINDOW_DAYS, with_statistics

TABLE: Final = "asset_days"
_DAY: Final = (*MARKET, "dt")
_BESIDE: Final = ("market_cap", "change_24h_percent")  # of the quotes, whatever the day is made of


def partitions(changed: Set[Part], existing: Callable[[str], list[str]]) -> list[Part]:
    """The months that changed and all later ones, each before its peaks.

    All later ones, even where the first of them stays as it is: an earlier run may have ended
    between two of them. A month that the lake has nothing of carries the peaks across.
    """
    touched = [month_of(part) for part in changed if _is_input(part)]
    if not touched:
        return []
    known = [month_of(Part(asset_peaks.TABLE, partition)) for partition in existing(asset_peaks.TABLE)]
    earlier = sorted(month for month in known if month < min(touched))
    start = min([*touched, *(after(month) for month in earlier[-1:])])
    months = through(start, max([*touched, *known]))
    return [Part(table, f"month={month}") for month in months for table in (TABLE, asset_peaks.TABLE)]


def inputs(part: Part, changed: Set[Part]) -> list[Part]:
    month = month_of(part)
    own = Part(TABLE, f"month={month}")
    peaks = Part(asset_peaks.TABLE, f"month={before(month)}")
    if part.table == asset_peaks.TABLE:
        return [own, peaks]
    start = first_day(month)
    earlier = through(f"{start - timedelta(days=WINDOW_DAYS):%Y-%m}", before(month))
    quotes = sorted(one for one in changed if one.table == "quotes" and month_of(one) == month)
    return [
        own,
        *(Part(TABLE, f"month={one}") for one in earlier),
        peaks,
        Part("candles", f"interval=1d/month={month}"),
        *quotes,
    ]


def derive(part: Part, parts: Mapping[str, pa.Table]) -> pa.Table:
    """The month's days, or the peaks at its end."""
    month = month_of(part)
    if part.table == asset_peaks.TABLE:
        return asset_peaks.derive(parts)
    days = given(parts, TABLE)
    own, earlier = (days.filter(pc.field("month") == month), days.filter(pc.field("month") != month))
    found = _merged(own, from_quotes(given(parts, "quotes")), from_candles(given(parts, "candles")))
    rows = with_statistics(found, earlier, given(parts, asset_peaks.TABLE), first_day(month))
    schema = refined()[TABLE].schema
    return rows.select(schema.names).cast(schema)


def _is_input(part: Part) -> bool:
    return part.table == "quotes" or part.partition.startswith("interval=1d/")


def _merged(own: pa.Table, quotes: pa.Table, candles: pa.Table) -> pa.Table:
    """The days as the touched ``quotes`` and all ``candles`` of the month say; the others as they were."""
    quoted = together(quotes, lacking(own, quotes, _DAY))
    where = positions(candles, quoted, _DAY)
    for name in _BESIDE:
        candles = candles.append_column(name, quoted[name].take(where))
    from_quotes_alone = lacking(quoted, candles, _DAY).filter(pc.field("made_from") == "quotes")
    return together(candles, from_quotes_alone)
