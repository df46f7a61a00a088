"""Coinbase's candles: windows of at most 300 intervals, newest first, only buckets that traded."""

import math
from typing import Final

from simulator.endpoints import ApiError, ApiRequest
from simulator.market.coins import LISTED
from simulator.market.prices import LEVELS, draws
from simulator.market.times import parse_time
from simulator.sources.coinbase.products import Product, Products, find

GRANULARITIES: Final = LEVELS[:-1]
MAX_INTERVALS: Final = 300
NEWEST: Final = 350  # buckets looked at when start and end are not both given
EARLY_ROWS_ONCE_IN: Final = 8
EARLY_ROWS: Final = 2
TOO_MANY: Final = (
    "granularity too small for the requested time range. Count of aggregations requested exceeds 300"
)


def candles(products: Products, request: ApiRequest) -> list[list[float]]:
    """``[time s, low, high, open, close, volume]``; the newest may still be in progress."""
    product = find(products, request)
    text = request.query.get("granularity", "60")
    if not text.isdecimal() or int(text[:9]) not in GRANULARITIES:
        raise ApiError(400, {"message": "Unsupported granularity"})
    seconds = int(text)
    rows = (_row(request, product, seconds, index) for index in reversed(_buckets(request, product, seconds)))
    return [row for row in rows if row]


def _buckets(request: ApiRequest, product: Product, seconds: int) -> range:
    """Numbers of the buckets to show: both ends of the window count if they are aligned."""
    bounds = [request.query.get(name, "") for name in ("start", "end")]
    newest = int(request.now // seconds)
    if not all(bounds):  # Coinbase ignores one end without the other
        return range(newest - NEWEST + 1, newest + 1)
    start, end = _window(bounds, seconds)
    first, last = math.ceil(start / seconds), math.floor(end / seconds)
    # now and then rows before start come along, the same ones whenever the window is asked for again
    if draws(product.id, first, last, seconds, count=1)[0] < 1 / EARLY_ROWS_ONCE_IN:
        first -= EARLY_ROWS
    return range(max(first, math.ceil(LISTED / seconds)), min(last, newest) + 1)


def _window(bounds: list[str], seconds: int) -> tuple[float, float]:
    try:
        start, end = (parse_time(text) for text in bounds)
    except (ValueError, OverflowError):
        raise ApiError(400, {"message": "Invalid start or end"}) from None
    if not (math.isfinite(start) and math.isfinite(end) and start <= end):
        raise ApiError(400, {"message": "start must be before end"})
    if (end - start) / seconds > MAX_INTERVALS:
        raise ApiError(400, {"message": TOO_MANY})
    return start, end


def _row(request: ApiRequest, product: Product, seconds: int, index: int) -> list[float] | None:
    start = index * seconds
    bar = product.venue.bar(product.coin, start, min(start + seconds, request.now))
    if bar is None:
        return None
    prices = (round(price, product.coin.price_decimals) for price in (bar.low, bar.high, bar.open, bar.close))
    steps, step = bar.volume, 10**product.coin.size_decimals
    # whole amounts are written without a fraction, as Coinbase does
    return [start, *prices, steps // step if steps % step == 0 else steps / step]
