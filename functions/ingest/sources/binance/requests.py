"""What Binance is asked for, and what it weighs.

Source: binance-spot-api-docs, rest-api.md (2026-07): klines weigh 2; ticker/24hr 2 for up to 20
symbols, 40 for up to 100; exchangeInfo 20. A request's weight is its ``cost``.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from coinlake.errors import SourceUnavailable
from coinlake.feeds import Feed
from ingest.sources import Assets, History, Request, Window, asset_ids, batches, checked_key, milliseconds

NAME: Final = "binance"
MAX_CANDLES: Final = 1000
MAX_SYMBOLS: Final = 100
FEW_SYMBOLS: Final = 20
INTERVALS: Final = ("1m", "5m", "15m", "30m", "1h", "4h", "6h", "1d")


def _klines(window: Window) -> Request:
    """``endTime`` is inclusive, so it is the last millisecond of the last bucket."""
    market = f"{window.asset_id}-{window.quote}"
    return Request(
        name=market,
        key=window.key(NAME, "candles", market),
        path="/api/v3/klines",
        params={
            "symbol": window.asset_id + window.quote,
            "interval": window.interval,
            "startTime": str(milliseconds(window.start)),
            "endTime": str(milliseconds(window.end) - 1),
            "limit": str(window.count),
        },
        cost=2,
    )


CANDLES: Final = History(_klines, dict.fromkeys(INTERVALS, MAX_CANDLES))


def day_tickers(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The 24-hour statistics of the feed's markets, a hundred a page."""
    markets = [base + feed.quote for base in asset_ids(feed, assets, NAME)]
    return [_tickers(feed, due, number, batch) for number, batch in batches(markets, MAX_SYMBOLS)]


def _tickers(feed: Feed, due: datetime, number: int, markets: Sequence[str]) -> Request:
    page = Request(
        name=f"page {number}",
        key=checked_key(feed.page_key, due, number),
        path="/api/v3/ticker/24hr",
        params={"type": "FULL"},
    )
    return of_symbols(page, markets)


def of_symbols(page: Request, markets: Sequence[str]) -> Request:
    """The page, asked for with these symbols. Spaces in the list would be refused (-1100)."""
    listed = json.dumps(list(markets), separators=(",", ":"), ensure_ascii=False)
    return replace(
        page, params={**page.params, "symbols": listed}, cost=2 if len(markets) <= FEW_SYMBOLS else 40
    )


def exchange_info(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    """All spot markets, without their permission sets, which are most of the answer."""
    params = {"permissions": "SPOT", "showPermissionSets": "false"}
    return [
        Request(
            "exchange info", feed.named_key(due, "exchange_info"), "/api/v3/exchangeInfo", params, cost=20
        )
    ]


def symbols(prices: bytes) -> set[str]:
    """The symbols of ``/api/v3/ticker/price``: ``[{"symbol", "price"}]``, every market there is."""
    try:
        rows: Any = json.loads(prices)
        return {row["symbol"] for row in rows}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SourceUnavailable("binance: the list of prices is not what it was") from None
