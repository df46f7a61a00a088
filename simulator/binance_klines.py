"""Binance's candles: windows of at most 1000 buckets, oldest first, the newest still open."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final

from simulator import binance_errors as errors
from simulator.answers import Ask
from simulator.bars import Bar
from simulator.binance_symbols import Symbol, Symbols, one
from simulator.spans import INTERVALS, following, opening, openings, openings_back
from simulator.walk import draws

DEFAULT_ROWS: Final = 500
MAX_ROWS: Final = 1_000
NUMBER: Final = "^[0-9]{1,20}$"
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


def klines(symbols: Symbols, ask: Ask) -> list[Row]:
    """Rows of twelve: times as integers, prices and volumes as strings, trades as an integer."""
    symbol, interval = one(symbols, ask), ask.query.get("interval", "")
    if not interval:
        raise errors.missing("interval")
    if interval not in INTERVALS:
        raise errors.invalid_interval()
    limit = min(MAX_ROWS, _whole(ask, "limit") or DEFAULT_ROWS)
    if ask.query.get("limit") == "0":
        raise errors.bad_value("limit")
    start, end = _seconds(ask, "startTime"), _seconds(ask, "endTime")
    found = window(symbol, interval, start, end, limit=limit, now=ask.now)
    return [row(symbol, kline, time_unit(ask)) for kline in found]


def window(
    symbol: Symbol, interval: str, start: float | None, end: float | None, *, limit: int, now: float
) -> list[Kline]:
    """The first ``limit`` buckets that begin in [start, end], or without a start the last up to the end."""
    oldest = opening(interval, symbol.venue.listed(symbol.coin))
    newest = min(now, symbol.venue.gone(symbol.coin) - 1, now if end is None else end)
    if start is not None:
        buckets: Iterable[int] = openings(interval, max(start, oldest), newest + 1e-6)
        return list(islice(present(symbol, interval, buckets, now), limit))
    backwards = takewhile(lambda bucket: bucket >= oldest, openings_back(interval, newest))
    open_ones = (bucket for bucket in backwards if not _absent(symbol, interval, bucket))
    chosen = sorted(islice(open_ones, limit))
    return list(present(symbol, interval, chosen, now))


def present(symbol: Symbol, interval: str, buckets: Iterable[int], now: float) -> Iterator[Kline]:
    """The buckets that the venue has: idle ones flat, none for an outage or before the first trade."""
    close: float | None = None
    for start in buckets:
        if start >= symbol.venue.gone(symbol.coin) or _absent(symbol, interval, start):
            continue
        end = following(interval, start)
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


def time_unit(ask: Ask) -> int:
    """Ticks a second: milliseconds, or microseconds if the caller's header wants them."""
    wanted = ask.headers.get("x-mbx-time-unit", "MILLISECOND").upper()
    return MICROSECOND if wanted == "MICROSECOND" else MILLISECOND


def _absent(symbol: Symbol, interval: str, start: int) -> bool:
    return symbol.venue.down(start, following(interval, start))


def _seconds(ask: Ask, name: str) -> float | None:
    ticks = _whole(ask, name)
    if ticks is None:
        return None
    return ticks / (MICROSECOND if ticks >= MICROSECONDS_FROM else MILLISECOND)


def _whole(ask: Ask, name: str) -> int | None:
    text = ask.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):  # noqa: PLR2004 - the pattern's own
        raise errors.illegal(name, NUMBER)
    return int(text)
