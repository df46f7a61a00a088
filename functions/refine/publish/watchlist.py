"""data/watchlist.json: each asset as the venue that knows it best tells it, and every venue beside."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from refine.publish.documents import body, exact, newest, number, seconds
from refine.publish.spark import Market, Points

FILE: Final = "watchlist.json"
_FORGOTTEN: Final = timedelta(days=7)  # a market that nobody told a price of for so long
_COMPARED: Final = timedelta(hours=3)  # the asset's newest comparison, and no older than this
_NO_RANK: Final = 1 << 31
Row = dict[str, Any]


def watchlist(
    latest: pa.Table, spreads: pa.Table, sparks: Mapping[Market, Points], names: Mapping[str, str]
) -> bytes:
    """The asset map's assets by rank, then all others by theirs.

    ``generated_at`` is when the newest of the prices was received.
    """
    rows = latest.to_pylist()
    moment = max((row["observed_at"] for row in rows), default=None)
    rows = sorted(
        (row for row in rows if moment and row["observed_at"] > moment - _FORGOTTEN),
        key=lambda row: row["base"],
    )
    distances = _distances(spreads)
    assets = [
        _asset(list(venues), distances, sparks, names.get(base))
        for base, venues in groupby(rows, key=lambda row: row["base"])
    ]
    assets.sort(key=lambda asset: (":" in asset["base"], asset["rank"] or _NO_RANK, asset["base"]))
    return body({"generated_at": newest([row["received_at"] for row in rows]), "assets": assets})


def _asset(
    venues: list[Row], distances: Mapping[Market, float], sparks: Mapping[Market, Points], name: str | None
) -> Row:
    told = min(venues, key=_trust)
    found = [_venue(row, distances) for row in sorted(venues, key=_trust)]
    return {
        **{key: told[key] for key in ("base", "quote", "source", "rank")},
        "name": name or told["raw_symbol"],
        "price": exact(told["price"]),
        "change_24h_percent": number(told["change_24h_percent"]),
        "volume_24h": _volume(told),
        "market_cap": number(told["market_cap"]),
        "spread_bps": _widest(found),
        "observed_at": seconds(told["observed_at"]),
        "venues": found,
        "spark": sparks.get(_market(told), []),
    }


def _trust(row: Row) -> tuple[Any, ...]:
    """First who ranks the asset, then who tells dollars, then the newest price."""
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
    """In the quote's currency; of a source that tells units of the asset, at its price."""
    if row["volume_24h_quote"] is not None or row["volume_24h_base"] is None:
        return number(row["volume_24h_quote"])
    return number(float(row["volume_24h_base"]) * float(row["price"]))


def _widest(venues: list[Row]) -> float | None:
    """The most that two venues of one currency are apart; null where no two are compared."""
    apart = []
    for quote in {venue["quote"] for venue in venues}:
        known = [venue["bps"] for venue in venues if venue["quote"] == quote and venue["bps"] is not None]
        apart += [max(known) - min(known)] if len(known) > 1 else []
    return number(max(apart)) if apart else None


def _distances(spreads: pa.Table) -> dict[Market, float]:
    """Each market's distance from the median at its asset's newest comparison of the last hours."""
    compared = spreads.filter(pc.field("spread_bps").is_valid())
    if not compared.num_rows:
        return {}
    oldest = pc.max(compared["slot_time"]).as_py() - _COMPARED
    rows = compared.filter(pc.field("slot_time") > oldest).sort_by("slot_time").to_pylist()
    ends = {(row["base"], row["quote"]): row["slot_time"] for row in rows}
    newest_ = (row for row in rows if row["slot_time"] == ends[row["base"], row["quote"]])
    return {_market(row): row["spread_bps"] for row in newest_}
