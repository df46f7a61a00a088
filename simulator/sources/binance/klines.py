"""Binance's candles: windows of at most 1000 buckets, oldest first, the newest still open."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.bars import Bar
from simulator.market.prices import draws
from simulator.market.times import INTERVALS, bucket_start, next_start, starts_before, starts_between
from simulator.sources.binance import errors
from simulator.sources.binance.symbols import Symbol, Symbols, find

DEFAULT_ROWS: Final = 500
MAX_ROWS: Final = 1_000
MICROSECONDS_FROM: Final = 10**14  # a time from here on is in microseconds
MILLISECOND: Final = 1_000
MICROSECOND: Final = 1_000_000

Row = list[int | str]


@dataclass(frozen=True, slots=True)
class Kline:
    """One bucket [start, end) of a symbol, as far as it has gone."""

    start: int
    end: int
    bar: Bar


def klines(symbols: Symbols, request: ApiRequest) -> list[Row]:
    """Rows of twelve: times as integers, prices and volumes as strings, trades as an integer."""
    symbol, interval = find(symbols, request), request.query.get("interval", "")
    if not interval:
        raise errors.missing("interval")
    if interval not in INTERVALS:
        raise errors.invalid_interval()
    limit = min(MAX_ROWS, request.whole("limit", DEFAULT_ROWS, errors.not_a_number, digits=20))
    if limit == 0:
        raise errors.bad_value("limit")
    start, end = _seconds(request, "startTime"), _seconds(request, "endTime")
    rows = window(symbol, interval, start, end, limit=limit, now=request.now)
    return [row(symbol, kline, time_unit(request)) for kline in rows]


def window(
    symbol: Symbol, interval: str, start: float | None, end: float | None, *, limit: int, now: float
) -> list[Kline]:
    """The first ``limit`` buckets that begin in [start, end], or without a start the last up to the end."""
    oldest = bucket_start(interval, symbol.venue.listed_at(symbol.coin))
    newest = min(now, symbol.venue.delisted_at(symbol.coin) - 1, now if end is None else end)
    if start is not None:
        buckets: Iterable[int] = starts_between(interval, max(start, oldest), newest + 1e-6)
        return list(islice(present(symbol, interval, buckets, now), limit))
    backwards = takewhile(lambda bucket: bucket >= oldest, starts_before(interval, newest))
    kept = (bucket for bucket in backwards if not _absent(symbol, interval, bucket))
    return list(present(symbol, interval, sorted(islice(kept, limit)), now))


def present(symbol: Symbol, interval: str, buckets: Iterable[int], now: float) -> Iterator[Kline]:
    """The buckets that the venue has: idle ones flat, none for an outage or before the first trade."""
    close: float | None = None
    for start in buckets:
        if start >= symbol.venue.delisted_at(symbol.coin) or _absent(symbol, interval, start):
            continue
        end = next_start(interval, start)
        bar = symbol.venue.bar(symbol.coin, start, min(end, now))
        if bar is None:
            close = symbol.venue.last(symbol.coin, start) if close is None else close
            bar = None if close is None else Bar(close, close, close, close, 0, 0)
        if bar is not None:
            close = bar.close
            yield Kline(start, end, bar)


def row(symbol: Symbol, kline: Kline, unit: int) -> Row:
    """A kline as Binance writes it; ``unit`` is how many ticks of its times a second has."""
    bar = kline.bar
    bought = 0.4 + 0.2 * draws(symbol.name, kline.start, kline.end, count=1)[0] if bar.trades else 0.0
    taken = int(bar.volume * bought)
    money = symbol.money(bar)
    return [
        kline.start * unit,
        *(symbol.price(price) for price in bar[:4]),
        symbol.amount(bar.volume),
        kline.end * unit - 1,
        f"{money:.8f}",
        bar.trades,
        symbol.amount(taken),
        f"{money * taken / bar.volume if bar.volume else 0:.8f}",
        "0",
    ]


def time_unit(request: ApiRequest) -> int:
    """Ticks a second: milliseconds, or microseconds if the caller's header says so."""
    unit = request.headers.get("x-mbx-time-unit", "MILLISECOND").upper()
    return MICROSECOND if unit == "MICROSECOND" else MILLISECOND


def _absent(symbol: Symbol, interval: str, start: int) -> bool:
    return symbol.venue.is_down(start, next_start(interval, start))


def _seconds(request: ApiRequest, name: str) -> float | None:
    if name not in request.query:
        return None
    ticks = request.whole(name, 0, errors.not_a_number, digits=20)
    return ticks / (MICROSECOND if ticks >= MICROSECONDS_FROM else MILLISECOND)
