"""``market_days``: breadth, total market cap, dominance and mood of each day, out of ``asset_days``.

A day is told by one source and currency alone, since the caps of two sources count a coin twice: by
those with the most market caps, then the most assets, then by name.
"""

from collections.abc import Callable, Mapping, Set
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers
from coinlake.tables import DECIMAL, refined
from refine.parts import Part
from refine.tables.grouping import (
    DAY,
    codes,
    column,
    day_texts,
    first,
    given,
    lacking,
    last,
    positions,
    sums,
    take,
    together,
)
from refine.tables.months import month_of

TABLE: Final = "market_days"
_SENTIMENT: Final = Part("sentiment", "index=fear_and_greed")
_VOICE: Final = ("dt", "source", "quote")
_DECIMALS: Final = 10  # shares: equal bytes on every processor


def partitions(changed: Set[Part], existing: Callable[[str], list[str]]) -> list[Part]:
    """The years of the days that changed; all there are where the index did."""
    years = {f"year={month_of(part)[:4]}" for part in changed if part.table == "asset_days"}
    if _SENTIMENT in changed:
        years.update(existing(TABLE))
    return [Part(TABLE, year) for year in sorted(years)]


def inputs(part: Part, changed: Set[Part]) -> list[Part]:
    year = part.values["year"]
    months = sorted(one for one in changed if one.table == "asset_days" and month_of(one)[:4] == year)
    return [part, *months, _SENTIMENT]


def derive(_part: Part, parts: Mapping[str, pa.Table]) -> pa.Table:
    """The days of the touched months anew, the others as they were, all with the index's newest values."""
    days = _days(given(parts, "asset_days"))
    days = together(days, lacking(given(parts, TABLE), days, ("dt",)))
    mood = given(parts, "sentiment")
    mood = mood.append_column("dt", day_texts(column(mood, "observed_at") // DAY))
    where = positions(days, mood, ("dt",))
    days = days.append_column("sentiment", mood["value"].take(where))
    days = days.append_column("classification", mood["classification"].take(where))
    schema = refined()[TABLE].schema
    return days.select(schema.names).cast(schema)


def _days(assets: pa.Table) -> pa.Table:
    """One row for each day of ``assets``, in the words of the source and currency that know it best."""
    assets = assets.combine_chunks()
    voice = codes(assets, _VOICE)
    count = voice.max(initial=-1) + 1
    direction, known = _directions(assets)
    caps, has_cap = assets["market_cap"], assets["market_cap"].is_valid().to_numpy()
    total = _total(voice, caps, count)
    found = take(assets, first(voice)).select(_VOICE)
    for name, chosen in {"assets": known, "assets_up": direction > 0, "assets_down": direction < 0}.items():
        found = found.append_column(name, pa.array(_count(voice, chosen, count), pa.int32()))
    breadth = _ratio(found["assets_up"].to_numpy(), found["assets"].to_numpy())
    found = found.append_column("breadth", breadth).append_column("total_market_cap", total)
    for base in ("BTC", "ETH"):
        of_base = pc.if_else(pc.equal(assets["base"], base), caps, pa.scalar(None, DECIMAL))
        share = _ratio(_floats(_total(voice, of_base, count)), _floats(total))
        found = found.append_column(f"{base.lower()}_dominance", share)
    merits = (_count(voice, has_cap, count), np.bincount(voice, minlength=count), -codes(found, _VOICE))
    best = last(codes(found, ("dt",)), *merits)
    return take(found, best)


def _directions(assets: pa.Table) -> tuple[Numbers, Numbers]:
    """Up, down or neither, and whether that is known: by the closes, else as the source says."""
    change = pc.coalesce(assets["simple_return"], assets["change_24h_percent"].cast(pa.float64()))
    return np.sign(pc.fill_null(change, 0.0).to_numpy()), change.is_valid().to_numpy()


def _count(group: Numbers, chosen: Numbers, count: int) -> Numbers:
    found: Numbers = np.bincount(group[chosen], minlength=count)
    return found


def _total(group: Numbers, values: pa.ChunkedArray, count: int) -> pa.Array:
    """Sums of the values that are known; null for a group without any."""
    known = values.is_valid()
    return sums(group[known.to_numpy()], values.filter(known), count)


def _floats(values: pa.Array) -> Numbers:
    floats: Numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return floats


def _ratio(part: Numbers, whole: Numbers) -> pa.Array:
    """Null where nothing is known of the whole, or it is nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.round(part / whole, _DECIMALS)
    return pa.array(ratio, mask=~np.isfinite(ratio))
