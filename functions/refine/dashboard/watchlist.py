"""data/watchlist.json: each asset at its best source, its price at every venue, and a sparkline."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from refine.dashboard.documents import Row, body, exact, newest, number, seconds
from refine.tables.grouping import DAY, MARKET, MICROSECOND, codes, column, concat, last, take
from refine.tables.observations import closes

FILE: Final = "watchlist.json"
POINTS: Final = 48  # of a sparkline
PRICE_COLUMNS: Final = (*MARKET, "observed_at", "price")
_MAX_AGE: Final = timedelta(days=7)  # a market without a price for so long is left out
_MAX_COMPARISON_AGE: Final = timedelta(hours=3)  # of an asset's newest spread
_NO_RANK: Final = 1 << 31
_SECOND: Final = 1_000_000
_STEPS: Final = [INTERVALS[name] // MICROSECOND for name in ("1m", "5m", "15m", "30m", "1h")]

Market = tuple[str, str, str]
Points = list[list[float | None]]


def watchlist(
    latest: pa.Table, spreads: pa.Table, sparks: Mapping[Market, Points], names: Mapping[str, str]
) -> bytes:
    """The asset map's assets by rank, then all others by theirs.

    ``generated_at`` is when the newest of the prices was received.
    """
    rows = latest.to_pylist()
    moment = max((row["observed_at"] for row in rows), default=None)
    rows = sorted(
        (row for row in rows if moment and row["observed_at"] > moment - _MAX_AGE),
        key=lambda row: row["base"],
    )
    distances = _distances(spreads)
    assets = [
        _asset(list(venues), distances, sparks, names.get(base))
        for base, venues in groupby(rows, key=lambda row: row["base"])
    ]
    assets.sort(key=lambda asset: (":" in asset["base"], asset["rank"] or _NO_RANK, asset["base"]))
    return body({"generated_at": newest([row["received_at"] for row in rows]), "assets": assets})


def sparklines(quotes: pa.Table, hours: pa.Table) -> dict[Market, Points]:
    """``[[time, price], …]`` by market: its last two days in at most 48 points.

    Each point is the last price of a step; the step is the shortest with which 48 reach so far.
    """
    prices = concat(quotes.select(PRICE_COLUMNS), closes(hours))
    if not prices.num_rows:
        return {}
    moment = column(prices, "observed_at")
    recent = prices.filter(pa.array(moment > moment.max() - 2 * DAY)).combine_chunks()
    moment = column(recent, "observed_at")
    span = moment.max() - moment.min()
    step = next((step for step in _STEPS if span < POINTS * step), _STEPS[-1])
    slots = codes(recent, MARKET) * (span // step + 2) + (moment - moment.min()) // step
    rows = take(recent, last(slots, moment))
    rows = rows.take(pc.sort_indices(rows, [("observed_at", "ascending")]))
    points: dict[Market, Points] = {}
    times = np.asarray(rows["observed_at"].cast(pa.int64())) // _SECOND
    markets = zip(*(rows[name].to_pylist() for name in MARKET), strict=True)
    for market, time, price in zip(markets, times.tolist(), rows["price"].to_pylist(), strict=True):
        points.setdefault(market, []).append([time, number(price)])
    return {market: of_market[-POINTS:] for market, of_market in points.items()}


def _asset(
    venues: list[Row], distances: Mapping[Market, float], sparks: Mapping[Market, Points], name: str | None
) -> Row:
    venues = sorted(venues, key=_precedence)
    best = venues[0]
    compared = [_venue(row, distances) for row in venues]
    return {
        **{key: best[key] for key in ("base", "quote", "source", "rank")},
        "name": name or best["raw_symbol"],
        "price": exact(best["price"]),
        "change_24h_percent": number(best["change_24h_percent"]),
        "volume_24h": _volume(best),
        "market_cap": number(best["market_cap"]),
        "spread_bps": _widest_spread(compared),
        "observed_at": seconds(best["observed_at"]),
        "venues": compared,
        "spark": sparks.get(_market(best), []),
    }


def _precedence(row: Row) -> tuple[Any, ...]:
    """First who ranks the asset, then who has it in dollars, then the newest price."""
    return row["rank"] is None, row["quote"] != "USD", -row["observed_at"].timestamp(), row["source"]


def _market(row: Row) -> Market:
    return row["source"], row["base"], row["quote"]


def _venue(row: Row, distances: Mapping[Market, float]) -> Row:
    return {
        **{key: row[key] for key in ("source", "quote")},
        "price": exact(row["price"]),
        "bps": number(distances.get(_market(row))),
        "observed_at": seconds(row["observed_at"]),
    }


def _volume(row: Row) -> float | None:
    """In the quote's currency; of a source that counts units of the asset, at its price."""
    if row["volume_24h_quote"] is not None or row["volume_24h_base"] is None:
        return number(row["volume_24h_quote"])
    return number(float(row["volume_24h_base"]) * float(row["price"]))


def _widest_spread(venues: list[Row]) -> float | None:
    """The most that two venues of one currency are apart; null where no two are compared."""
    spreads = []
    for quote in {venue["quote"] for venue in venues}:
        known = [venue["bps"] for venue in venues if venue["quote"] == quote and venue["bps"] is not None]
        spreads += [max(known) - min(known)] if len(known) > 1 else []
    return number(max(spreads)) if spreads else None


def _distances(spreads: pa.Table) -> dict[Market, float]:
    """Each market's distance from the median at its asset's newest comparison of the last hours."""
    compared = spreads.filter(pc.field("spread_bps").is_valid())
    if not compared.num_rows:
        return {}
    oldest = pc.max(compared["slot_time"]).as_py() - _MAX_COMPARISON_AGE
    rows = compared.filter(pc.field("slot_time") > oldest).sort_by("slot_time").to_pylist()
    ends = {(row["base"], row["quote"]): row["slot_time"] for row in rows}
    return {
        _market(row): row["spread_bps"] for row in rows if row["slot_time"] == ends[row["base"], row["quote"]]
    }
