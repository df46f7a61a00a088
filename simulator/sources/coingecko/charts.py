"""CoinGecko's past: /market_chart (points that jitter and end with "now") and /ohlc (stamped at close)."""

import math
from collections.abc import Iterable
from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.coins import LISTED, Coin
from simulator.market.market import turnover
from simulator.market.prices import draws
from simulator.market.times import DAY, HOUR, parse_time
from simulator.sources.coingecko import errors
from simulator.sources.coingecko.quotes import currency_of, refreshed, shown, units_per_usd

FIVE_MINUTES: Final = 300
FREE_DAYS: Final = 365
HOURLY_DAYS: Final = (2, 90)  # automatic granularity: finer before, daily after
MAX_HOURLY_DAYS: Final = 100
JITTER_SECONDS: Final = 60
DAY_APPEARS: Final = 600  # a UTC day's point shows at 00:10
OHLC_APPEARS: Final = 2_100  # and its OHLC body at 00:35
# days -> seconds of a body; four-day bodies close on 2026-11-20 and every fourth day around it
OHLC_BODIES: Final = {1: 1_800, 7: 14_400, 14: 14_400, 30: 14_400} | dict.fromkeys((90, 180, 365), 4 * DAY)
FOUR_DAY_SHIFT: Final = DAY
CAP_MISSING_ONCE_IN: Final = 200


def market_chart(request: ApiRequest) -> dict[str, list[list[float | None]]]:
    """The last ``days``: 5-minute points for one, hourly to 90, daily beyond, or as ``interval`` says."""
    coin, currency = _coin(request), currency_of(request)
    days = _days(request, coin)
    step = _step(request, days)
    now = refreshed(request.market, coin, request.now)
    times = _times(coin, step, now - days * DAY, now)
    if step == DAY and now % DAY < DAY_APPEARS:
        times = [time for time in times if time <= now - DAY_APPEARS]
    return _points(request, coin, currency, [*times, now])


def market_chart_range(request: ApiRequest) -> dict[str, list[list[float | None]]]:
    """Points between ``from`` and ``to``: UNIX seconds or ISO dates."""
    coin, currency = _coin(request), currency_of(request)
    start, end = (_bound(request, name) for name in ("from", "to"))
    if not request.paid and request.now - start > FREE_DAYS * DAY + HOUR:
        raise errors.too_old(request.now)
    days = (end - start) / DAY
    current = request.now - end < HOUR
    step = FIVE_MINUTES if days <= 1 and current else HOUR if days <= HOURLY_DAYS[1] else DAY
    if "interval" in request.query:
        step = _step(request, days)
    latest = min(end, refreshed(request.market, coin, request.now))
    return _points(request, coin, currency, _times(coin, step, start, latest))


def ohlc(request: ApiRequest) -> list[list[float]]:
    """``[close ms, open, high, low, close]`` of finished bodies, oldest first."""
    coin, currency = _coin(request), currency_of(request)
    days = _days(request, coin)
    if "interval" in request.query and not request.paid:
        raise errors.pro_only()
    if days not in OHLC_BODIES and not (request.paid and request.query.get("days") == "max"):
        raise errors.invalid("Invalid days parameter")
    body = OHLC_BODIES.get(days, 4 * DAY)
    shift = FOUR_DAY_SHIFT if body > DAY else 0
    ready = request.now - (OHLC_APPEARS if body > DAY else 0)
    first, last = ((time - shift) // body for time in (request.now - days * DAY, ready))
    rows = []
    for index in range(int(first) + 1, int(last) + 1):
        close = index * body + shift
        bar = (
            request.market.bar(coin, close - body, close)
            if coin.state == "active" and close - body >= LISTED
            else None
        )
        if bar:
            rate = units_per_usd(request.market, currency, close)
            rows.append([close * 1_000, *(float(shown(price * rate)) for price in bar[:4])])
    return rows


def _coin(request: ApiRequest) -> Coin:
    coin = request.market.by_id.get(request.path["id"])
    if coin is None:
        raise errors.invalid("coin not found", 404)
    return coin


def _days(request: ApiRequest, coin: Coin) -> int:
    text = request.query.get("days", "")
    if not text:
        raise errors.invalid("Missing parameter days")
    oldest = int((request.now - LISTED) // DAY)
    if text != "max" and not text.isdecimal():
        raise errors.invalid("Invalid days parameter")
    days = oldest if text == "max" else int(text[:6])
    if not request.paid and days > FREE_DAYS:
        raise errors.too_old(request.now)
    return min(oldest, max(1, days)) if coin.state != "dead" else 0


def _step(request: ApiRequest, days: float) -> int:
    interval = request.query.get("interval", "")
    if interval == "5m":
        raise errors.pro_only()
    if interval == "hourly" and days > MAX_HOURLY_DAYS:
        raise errors.invalid(f"Hourly data is limited to {MAX_HOURLY_DAYS} days")
    if interval in {"daily", "hourly"}:
        return DAY if interval == "daily" else HOUR
    return FIVE_MINUTES if days < HOURLY_DAYS[0] else HOUR if days <= HOURLY_DAYS[1] else DAY


def _bound(request: ApiRequest, name: str) -> float:
    text = request.query.get(name, "")
    if not text:
        raise errors.invalid(f"Missing parameter {name}")
    try:
        return parse_time(text)
    except ValueError:
        raise errors.invalid(f"Invalid parameter {name}") from None


def _times(coin: Coin, step: int, start: float, end: float) -> list[float]:
    """Bucket starts in [start, end], each late by its own jitter; whole days are exact."""
    if coin.state == "dead":
        return []
    buckets = range(math.ceil(max(start, LISTED) / step), int(end // step) + 1)
    late = [
        0.0 if step == DAY else draws(coin.id, step, bucket, count=1)[0] * JITTER_SECONDS
        for bucket in buckets
    ]
    times = [round(bucket * step + extra, 3) for bucket, extra in zip(buckets, late, strict=True)]
    return [time for time in times if time <= end]


def _points(
    request: ApiRequest, coin: Coin, currency: str, times: Iterable[float]
) -> dict[str, list[list[float | None]]]:
    chart: dict[str, list[list[float | None]]] = {"prices": [], "market_caps": [], "total_volumes": []}
    if coin.state == "dead":
        return chart
    for time in times:
        rate = units_per_usd(request.market, currency, time)
        price = request.market.price(coin, time) * rate
        unknown = draws(coin.id, "cap", time, count=1)[0] < 1 / CAP_MISSING_ONCE_IN
        stamp = round(time * 1_000)
        chart["prices"].append([stamp, price])
        chart["market_caps"].append([stamp, None if unknown else price * coin.supply])
        chart["total_volumes"].append([stamp, turnover(coin, time) * rate])
    return chart
