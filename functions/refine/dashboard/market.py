"""data/market.json and data/sources.json: the market's days, and the attribution of every source."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import pyarrow as pa

from coinlake.sources import catalog
from refine.dashboard.documents import Row, body, number, seconds

MARKET: Final = "market.json"
SOURCES: Final = "sources.json"
DAYS: Final = 365
_AS_THEY_ARE: Final = ("dt", "assets", "assets_up", "sentiment", "classification", "coverage")
_ROUNDED: Final = ("breadth", "total_market_cap", "btc_dominance", "eth_dominance")


def market(days: pa.Table, now: datetime) -> bytes:
    """The last 365 days that the lake has."""
    rows = sorted(days.to_pylist(), key=lambda row: row["dt"])[-DAYS:]
    return body({"generated_at": seconds(now), "days": [_day(row) for row in rows]})


def _day(row: Row) -> Row:
    return {name: row[name] for name in _AS_THEY_ARE} | {name: number(row[name]) for name in _ROUNDED}


def sources(names: Iterable[str]) -> bytes:
    """The mention that the terms of each source ask for; an archive's is that of the exchange it is of."""
    declared = catalog()
    owners = sorted({declared[name].owner for name in names if name in declared})
    return body(
        {
            "attributions": [
                {
                    "source": name,
                    "text": declared[name].attribution.text,
                    "url": declared[name].attribution.url,
                }
                for name in owners
            ]
        }
    )
