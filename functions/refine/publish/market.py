"""data/market.json and data/sources.json: the market's days, and whose data all this is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from refine.publish.documents import body, number, seconds

MARKET: Final = "market.json"
SOURCES: Final = "sources.json"
DAYS: Final = 365
_COUNTS: Final = ("dt", "assets", "assets_up", "sentiment", "classification")
_NUMBERS: Final = ("breadth", "total_market_cap", "btc_dominance", "eth_dominance")
# CoinGecko's API terms and alternative.me's ask for a visible mention with a link; the others' for a name.
_MENTIONS: Final = {
    "alternative_me": (
        "Fear & Greed Index by alternative.me",
        "https://alternative.me/crypto/fear-and-greed-index/",
    ),
    "binance": ("Market data from Binance", "https://www.binance.com"),
    "coinbase": ("Market data from Coinbase Exchange", "https://exchange.coinbase.com"),
    "coincap": ("Market data from CoinCap", "https://coincap.io"),
    "coindesk": ("Market data from CoinDesk", "https://www.coindesk.com"),
    "coingecko": ("Data provided by CoinGecko", "https://www.coingecko.com"),
}


def market(days: pa.Table, now: datetime) -> bytes:
    """The last 365 days that the lake has."""
    rows = sorted(days.to_pylist(), key=lambda row: row["dt"])[-DAYS:]
    return body({"generated_at": seconds(now), "days": [_day(row) for row in rows]})


def _day(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _COUNTS} | {name: number(row[name]) for name in _NUMBERS}


def sources(names: Iterable[str]) -> bytes:
    """A mention for each source that is asked."""
    known = [name for name in sorted(set(names)) if name in _MENTIONS]
    mentions = [{"source": name, "text": _MENTIONS[name][0], "url": _MENTIONS[name][1]} for name in known]
    return body({"attributions": mentions})
