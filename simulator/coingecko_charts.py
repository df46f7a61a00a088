"""CoinGecko's past: /market_chart (points that jitter and end with "now") and /ohlc (stamped at close)."""

import math
from collections.abc import Iterable
from typing import Final

from simulator import coingecko_errors as errors
from simulator.answers import Ask, moment
from simulator.coingecko_quotes import currency_of, refreshed, shown, units_per_usd
from simulator.coins import LISTED, Coin
from simulator.market import DAY, turnover
from simulator.walk import draws

HOUR: Final = 3_600
FIVE_MINUTES: Final = 300
FREE_DAYS: Final = 365
HOURLY_DAYS: Final = (2, 90)  # automatic granularity: finer before, daily after
MAX_HOURLY_DAYS: Final = 100
JITTER_SECONDS: Final = 60
DAY_APPEARS: Final = 600  # a UTC day's point shows at 00:10
OHLC_APPEARS: Final = 2_100  # and its OHLC body at 00:35
# days asked for -> seconds of a body; four-day bodies close on 2026-11-20 and every fourth day around it
OHLC_BODIES: Final = {1: 1_800, 7: 14_400, 14: 14_400, 30: 14_400} | dict.fromkeys((90, 180, 365), 4 * DAY)
FOUR_DAY_SHIFT: Final = DAY
CAP_MISSING_ONCE_IN: Final = 200


def market_chart(ask: Ask) -> dict[str, list[list[float | None]]]:
    """The last ``days``: 5-minute points for one, hourly to 90, daily beyond, or as ``interval`` says."""
    coin, currency = _coin(ask), currency_of(ask)
    days = _days(ask, coin)
    step = _step(ask, days)
    now = refreshed(ask.market, coin, ask.now)
    times = _times(coin, step, now - days * DAY, now)
    if step == DAY and now % DAY < DAY_APPEARS:
        times = [time for time in times if time <= now - DAY_APPEARS]
    return _points(ask, coin, currency, [*times, now])


def market_chart_range(ask: Ask) -> dict[str, list[list[float | None]]]:
    """Points between ``from`` and ``to``: UNIX seconds or ISO dates."""
    coin, currency = _coin(ask), currency_of(ask)
    start, end = (_bound(ask, name) for name in ("from", "to"))
    if not ask.paid and ask.now - start > FREE_DAYS * DAY + HOUR:
        raise errors.too_old(ask.now)
    days = (end - start) / DAY
    current = ask.now - end < HOUR
    step = FIVE_MINUTES if days <= 1 and current else HOUR if days <= HOURLY_DAYS[1] else DAY
    if "interval" in ask.query:
        step = _step(ask, days)
    latest = min(end, refreshed(ask.market, coin, ask.now))
    return _points(ask, coin, currency, _times(coin, step, start, latest))


def ohlc(ask: Ask) -> list[list[float]]:
    """``[close ms, open, high, low, close]`` of finished bodies, oldest first."""
    coin, currency = _coin(ask), currency_of(ask)
    days = _days(ask, coin)
    if "interval" in ask.query and not ask.paid:
        raise errors.pro_only()
    if days not in OHLC_BODIES and not (ask.paid and ask.query.get("days") == "max"):
        raise errors.invalid("Invalid days parameter")
    body = OHLC_BODIES.get(days, 4 * DAY)
    shift = FOUR_DAY_SHIFT if body > DAY else 0
    ready = ask.now - (OHLC_APPEARS if body > DAY else 0)
    first, last = ((time - shift) // body for time in (ask.now - days * DAY, ready))
    rows = []
    for index in range(int(first) + 1, int(last) + 1):
        close = index * body + shift
        bar = (
            ask.market.bar(coin, close - body, close)
            if coin.state == "active" and close - body >= LISTED
            else None
        )
        if bar:
            rate = units_per_usd(ask.market, currency, close)
            rows.append([close * 1_000, *(float(shown(price * rate)) for price in bar[:4])])
    return rows


def _coin(ask: Ask) -> Coin:
    coin = ask.market.by_id.get(ask.path["id"])
    if coin is None:
        raise errors.invalid("coin not found", 404)
    return coin


def _days(ask: Ask, coin: Coin) -> int:
    text = ask.query.get("days", "")
    if not text:
        raise errors.invalid("Missing parameter days")
    oldest = int((ask.now - LISTED) // DAY)
    if text != "max" and not text.isdecimal():
        raise errors.invalid("Invalid days parameter")
    days = oldest if text == "max" else int(text[:6])
    if not ask.paid and days > FREE_DAYS:
        raise errors.too_old(ask.now)
    return min(oldest, max(1, days)) if coin.state != "dead" else 0


def _step(ask: Ask, days: float) -> int:
    interval = ask.query.get("interval", "")
    if interval == "5m":
        raise errors.pro_only()
    if interval == "hourly" and days > MAX_HOURLY_DAYS:
        raise errors.invalid(f"Hourly data is limited to {MAX_HOURLY_DAYS} days")
    if interval in {"daily", "hourly"}:
        return DAY if interval == "daily" else HOUR
    return FIVE_MINUTES if days < HOURLY_DAYS[0] else HOUR if days <= HOURLY_DAYS[1] else DAY


def _bound(ask: Ask, name: str) -> float:
    text = ask.query.get(name, "")
    if not text:
        raise errors.invalid(f"Missing parameter {name}")
    try:
        return moment(text)
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
    ask: Ask, coin: Coin, currency: str, times: Iterable[float]
) -> dict[str, list[list[float | None]]]:
    chart: dict[str, list[list[float | None]]] = {"prices": [], "market_caps": [], "total_volumes": []}
    if coin.state == "dead":
        return chart
    for time in times:
        rate = units_per_usd(ask.market, currency, time)
        price = ask.market.price(coin, time) * rate
        unknown = draws(coin.id, "cap", time, count=1)[0] < 1 / CAP_MISSING_ONCE_IN
        stamp = round(time * 1_000)
        chart["prices"].append([stamp, price])
        chart["market_caps"].append([stamp, None if unknown else price * coin.supply])
        chart["total_volumes"].append([stamp, turnover(coin, time) * rate])
    return chart
