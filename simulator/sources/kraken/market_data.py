"""Kraken's REST methods; shapes as in docs.kraken.com/api-reference/market-data.

OHLC has the newest 720 committed buckets and the open one, whatever ``since`` says, "older data cannot be
retrieved" (its page); a bucket without a trade is there, flat, with a count of 0 (public captures). ``since``
is exclusive: ccxt subtracts one interval from it; ``last`` is the newest committed bucket.

Trades goes back to a pair's first trade, at most 1000 at once, oldest first. ``since`` is in nanoseconds or
in seconds with a fraction and inclusive, so the trade that ``last`` stands for comes again; ids count from 1
without a hole (measured by others in 2024 and 2026; support.kraken.com article 218198197).
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.bars import Bar
from simulator.market.prices import SLOT_SECONDS, draws
from simulator.market.times import DAY, MINUTE, iso
from simulator.market.trades import MICROSECONDS
from simulator.sources.kraken.pairs import (
    LOT_DECIMALS,
    QUOTE,
    QUOTE_ASSET,
    Pair,
    TradedPairs,
    error,
    invalid_arguments,
)

INTERVALS: Final = (1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600)  # minutes
MAX_CANDLES: Final = 720
MAX_TRADES: Final = 1_000
NANOSECONDS_FROM: Final = 10**12  # a ``since`` from here on is in nanoseconds
MAX_SINCE: Final = 10**19
FEES: Final = ((0, 0.4), (10_000, 0.35), (50_000, 0.24), (100_000, 0.22))
MAKER_FEES: Final = ((0, 0.25), (10_000, 0.2), (50_000, 0.14), (100_000, 0.12))


def enveloped(answer: Callable[[ApiRequest], object]) -> Callable[[ApiRequest], object]:
    """The answer as ``result``, beside an empty list of errors."""
    return lambda request: {"error": [], "result": answer(request)}


def server_time(request: ApiRequest) -> object:
    """``Time``."""
    now = datetime.fromtimestamp(int(request.now), UTC)
    return {"unixtime": int(request.now), "rfc1123": now.strftime("%a, %d %b %y %H:%M:%S +0000")}


def system_status(request: ApiRequest) -> object:
    """``SystemStatus``: always online."""
    return {"status": "online", "timestamp": iso(request.now, "seconds")}


def assets(pairs: TradedPairs, request: ApiRequest) -> object:
    """``Assets``: those of ``asset``, or all; by their old names, or by display name with assetVersion 1."""
    rows = {pair.asset: (pair.base_altname, pair.base, 10) for pair in pairs.listed.values()}
    rows[QUOTE_ASSET] = (QUOTE, QUOTE, 4)
    names = request.items("asset")
    by_name = {name: asset for asset, (altname, base, _) in rows.items() for name in (asset, altname, base)}
    if not set(names) <= set(by_name):
        raise error("EQuery:Unknown asset")
    return {
        rows[asset][1] if _display(request) else asset: {
            "aclass": "currency",
            "altname": rows[asset][0],
            "decimals": rows[asset][2],
            "display_decimals": 2 if asset == QUOTE_ASSET else 5,
            "collateral_value": 1,
            "status": "enabled",
        }
        for asset in ([by_name[name] for name in names] or rows)
    }


def asset_pairs(pairs: TradedPairs, request: ApiRequest) -> object:
    """``AssetPairs``: those of ``pair``, or all."""
    display = _display(request)
    return {_key(pair, request): _described(pair, display=display) for pair in pairs.selected(request)}


def tickers(pairs: TradedPairs, request: ApiRequest) -> object:
    """``Ticker``: those of ``pair``, or all; one unknown pair fails them all."""
    return {_key(pair, request): _ticker(pair, request.now) for pair in pairs.selected(request)}


def candles(pairs: TradedPairs, request: ApiRequest) -> object:
    """``OHLC``: ``[time s, open, high, low, close, vwap, volume, count]``, oldest first."""
    pair = _single(pairs, request)
    interval = _whole(request, "interval", 1)
    if interval not in INTERVALS:
        raise invalid_arguments()
    size = interval * MINUTE
    newest = int(request.now // size) * size
    oldest = max(newest - MAX_CANDLES * size, pair.venue.listed_at(pair.coin) // size * size)
    since = _since(request)
    first = oldest if since is None else max(oldest, int(since // size) * size + size)
    rows = [candle(pair, start, size, request.now) for start in range(min(first, newest), newest + 1, size)]
    return {_key(pair, request): [row for row in rows if row], "last": newest - size}


def candle(pair: Pair, start: int, size: int, now: float) -> list[object] | None:
    """One bucket as far as it has gone; flat if nothing traded, None before the first trade."""
    bar = pair.venue.bar(pair.coin, start, min(start + size, now))
    if bar is None:
        close = pair.venue.last(pair.coin, start)
        if close is None:
            return None
        bar = Bar(close, close, close, close, 0, 0)
    vwap = pair.mean_price(bar) if bar.trades else 0.0
    return [start, *(pair.price(price) for price in (*bar[:4], vwap)), pair.amount(bar.volume), bar.trades]


def trades(pairs: TradedPairs, request: ApiRequest) -> object:
    """``Trades``: ``[price, volume, time, b or s, m or l, "", id]``, oldest first; by default the newest."""
    pair = _single(pairs, request)
    count = _whole(request, "count", MAX_TRADES)
    if not 1 <= count <= MAX_TRADES:
        raise invalid_arguments()
    traded = pairs.traded(pair.symbol)
    newest = traded.trades.newest(int(request.now * MICROSECONDS))
    since = _since(request)
    if since is None:
        first, since_us = newest - count + 1, int(request.now * MICROSECONDS)
    else:
        since_us = math.ceil(since / 1_000 if since >= NANOSECONDS_FROM else since * MICROSECONDS)
        first = traded.trades.newest(since_us - 1) + 1
    rows, last_us = [], since_us
    for index in range(max(1, first), min(newest, max(1, first) + count - 1) + 1):
        made = traded.trades.trade(index)
        last_us = made.at_us
        price = pair.long_price(traded.price_of(made))
        side, kind = traded.taker_side(made)[0], traded.order_type(made)[0]
        rows.append([price, pair.amount(made.steps), made.at_us / MICROSECONDS, side, kind, "", index])
    return {_key(pair, request): rows, "last": str(last_us * 1_000)}


def _described(pair: Pair, *, display: bool) -> dict[str, object]:
    tick = f"{10**-pair.decimals:.{pair.decimals}f}"
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": pair.base if display else pair.asset,
        "aclass_quote": "currency",
        "quote": QUOTE if display else QUOTE_ASSET,
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": pair.decimals,
        "lot_decimals": LOT_DECIMALS,
        "lot_multiplier": 1,
        "leverage_buy": [2, 3],
        "leverage_sell": [2, 3],
        "fees": FEES,
        "fees_maker": MAKER_FEES,
        "fee_volume_currency": QUOTE if display else QUOTE_ASSET,
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": pair.amount(max(1, pair.coin.prices.profile.volume // 10**8)).rstrip("0").rstrip("."),
        "costmin": "0.5",
        "tick_size": tick,
        "status": "online",
    }


def _ticker(pair: Pair, now: float) -> dict[str, object]:
    """``[today, the last 24 hours]`` of volume, mean price, count, low and high; today is since 00:00 UTC."""
    last = pair.venue.last(pair.coin, now) or 0.0
    flat = Bar(last, last, last, last, 0, 0)
    starts = (int(now // DAY) * DAY, int((now - DAY) // SLOT_SECONDS) * SLOT_SECONDS)
    today, day = (pair.venue.bar(pair.coin, start, now) or flat for start in starts)
    slot = pair.coin.prices.last_slot(now)
    side, offered, size = draws(pair.key, "book", slot, count=3)
    tick = 10**-pair.decimals
    below = tick if side > 1 / 2 else 0.0
    typical = max(1, pair.coin.prices.profile.volume // pair.coin.prices.profile.trades)
    lot = pair.amount(1 + int(offered * 20 * typical))
    whole = str(max(1, int(float(lot))))
    prices = (last - below, last - below + tick)
    bid, ask = ([pair.long_price(price), whole, f"{float(lot):.3f}"] for price in prices)
    return {
        "a": ask,
        "b": bid,
        "c": [pair.long_price(last), pair.amount(1 + int(size * typical))],
        "v": [pair.amount(bar.volume) for bar in (today, day)],
        "p": [pair.long_price(pair.mean_price(bar)) for bar in (today, day)],
        "t": [bar.trades for bar in (today, day)],
        "l": [pair.long_price(bar.low) for bar in (today, day)],
        "h": [pair.long_price(bar.high) for bar in (today, day)],
        "o": pair.long_price(today.open),
    }


def _single(pairs: TradedPairs, request: ApiRequest) -> Pair:
    """The one pair of ``pair``."""
    if not request.query.get("pair"):
        raise invalid_arguments()
    return pairs.named(request.query["pair"])


def _display(request: ApiRequest) -> bool:
    return request.query.get("assetVersion") == "1"


def _key(pair: Pair, request: ApiRequest) -> str:
    return pair.symbol if _display(request) else pair.key


def _whole(request: ApiRequest, name: str, default: int) -> int:
    return request.whole(name, default, lambda _: invalid_arguments())


def _since(request: ApiRequest) -> Decimal | None:
    """Exact, because a float cannot hold nanoseconds."""
    if "since" not in request.query:
        return None
    try:
        since = Decimal(request.query["since"])
    except InvalidOperation:
        raise invalid_arguments() from None
    if not since.is_finite() or not 0 <= since < MAX_SINCE:
        raise invalid_arguments()
    return since
