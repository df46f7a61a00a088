"""CoinCap's past: price points as strings, and candlesticks as numbers without a volume."""

import math
from typing import Final

from simulator.answers import Ask, iso
from simulator.coincap_assets import Assets, bad, one, price_of, whole
from simulator.coins import LISTED, Coin
from simulator.spans import DAY, HOUR, MINUTE
from simulator.venues import Venue

INTERVALS: Final = {
    "m1": MINUTE, "m5": 5 * MINUTE, "m15": 15 * MINUTE, "m30": 30 * MINUTE,
    "h1": HOUR, "h2": 2 * HOUR, "h6": 6 * HOUR, "h12": 12 * HOUR, "d1": DAY,
}  # fmt: skip
# the widest window of a query, in days (as of v2)
MAX_DAYS: Final = {
    "m1": 1, "m5": 5, "m15": 7, "m30": 14, "h1": 30, "h2": 61, "h6": 183, "h12": 365, "d1": 7_305,
}  # fmt: skip


def history(venue: Venue, assets: Assets, ask: Ask) -> list[dict[str, object]]:
    """The price as each bucket of [start, end] begins, oldest first."""
    coin = one(assets, ask)
    rows = []
    for time in _buckets(ask, coin):
        price = str(price_of(venue, coin, time))
        rows.append({"priceUsd": price, "time": time * 1_000, "date": iso(time)})
    return rows


def candlesticks(venue: Venue, assets: Assets, ask: Ask) -> list[dict[str, object]]:
    """Open, high, low, close and the time at which the bucket opened, oldest first."""
    coin = one(assets, ask)
    size = INTERVALS.get(ask.query.get("interval", ""), 0)
    rows: list[dict[str, object]] = []
    for time in _buckets(ask, coin):
        bar = venue.market.bar(coin, time, min(time + size, ask.now))
        if bar is not None:
            prices = (price * venue.factor(coin) for price in bar[:4])
            names = ("open", "high", "low", "close")
            rows.append({**dict(zip(names, prices, strict=True)), "time": time * 1_000})
    return rows


def _buckets(ask: Ask, coin: Coin) -> range:
    """The buckets that begin in [start, end] and not after now; the widest window ends now by default."""
    interval = ask.query.get("interval", "")
    if not interval:
        raise bad("missing interval")
    if interval not in INTERVALS:
        raise bad("invalid interval")
    size, widest = INTERVALS[interval], MAX_DAYS[interval] * DAY
    end = whole(ask, "end", int(ask.now * 1_000)) / 1_000
    start = whole(ask, "start", int((end - widest) * 1_000)) / 1_000
    if start > end:
        raise bad("start is after end")
    if end - start > widest:
        raise bad(f"window exceeds {MAX_DAYS[interval]} days")
    first = math.ceil(max(start, LISTED) / size) * size
    return range(first, int(min(end, ask.now)) + 1, size) if coin.state == "active" else range(0)
