"""Binance's streams: their names, the symbols behind them, and their frames as compact JSON.

Every event is a pure function of its stream and number, so two sockets send the same bytes.
Times are in milliseconds, or with ``timeUnit=MICROSECOND`` in microseconds.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from simulator.market.market import Market
from simulator.market.times import DAY, INTERVALS, MINUTE, bucket_start, next_start
from simulator.market.trades import MICROSECONDS, Cadence, Trade, TradeSequence, mix
from simulator.market.venues import BINANCE, Venue
from simulator.sources.binance.klines import Row, present, row
from simulator.sources.binance.symbols import PLACES, Symbol, listed
from simulator.websockets.frame_scheduler import Channel
from simulator.websockets.settings import StreamSettings

STEP: Final = 10  # the coin's smallest amounts in the smallest that Binance trades
ALL_TICKERS: Final = "!miniTicker@arr"
EXTRA: Final = re.compile(r"sim(\d{1,5})usdt")  # as many more symbols as a load test wants
NAME: Final = re.compile(r"([a-z0-9_.-]{1,20})@(trade|bookTicker|miniTicker|kline_(\w{1,3}))")
SIZES: Final = 20  # offers of the book, in typical trades
_MAX_REMEMBERED: Final = 4


@dataclass(frozen=True, slots=True)
class TradedSymbol:
    """A symbol with its trades, and the open, high, low and volumes of the 24 hours before some minute."""

    symbol: Symbol
    trades: TradeSequence
    days: dict[int, tuple[float, float, float, str, str] | None] = field(default_factory=dict)

    def price(self, ticks: int) -> str:
        """``77361.43000000``."""
        return f"{ticks / 10**self.symbol.coin.price_decimals:.8f}"

    def trade(self, index: int, divisor: int) -> dict[str, object]:
        """The values of trade ``index`` that REST and streams share."""
        made = self.trades.trade(index)
        amount = self.symbol.amount(made.steps)
        return {
            "id": made.id,
            "price": self.price(made.ticks),
            "qty": amount,
            "quoteQty": self._worth(made),
            "time": made.at_us // divisor,
            "isBuyerMaker": made.buyer_is_maker,
            "isBestMatch": True,
        }

    def day(self, at_us: int) -> tuple[float, float, float, str, str] | None:
        """(open, high, low, volume, quote volume) of 24 hours, renewed once a minute, each in its own."""
        minute = (at_us // MICROSECONDS + self.trades.key % MINUTE) // MINUTE
        if minute not in self.days:
            if len(self.days) > _MAX_REMEMBERED:
                self.days.clear()
            end = minute * MINUTE
            bar = self.symbol.venue.bar(self.symbol.coin, end - DAY, min(end, at_us // MICROSECONDS))
            volumes = (self.symbol.amount(bar.volume), f"{self.symbol.money(bar):.8f}") if bar else ("", "")
            self.days[minute] = (bar.open, bar.high, bar.low, *volumes) if bar else None
        return self.days[minute]

    def _worth(self, made: Trade) -> str:
        places = self.symbol.coin.price_decimals + self.symbol.coin.size_decimals
        worth = made.ticks * made.steps * 10**PLACES // 10**places
        return f"{worth // 10**PLACES}.{worth % 10**PLACES:0{PLACES}d}"


@dataclass(frozen=True, slots=True)
class Stream:
    """``btcusdt@trade``: its symbol and cadence; ``unit`` ticks a second; ``combined`` wraps frames."""

    name: str
    traded: TradedSymbol
    cadence: Cadence
    unit: int = 1_000
    combined: bool = True

    def newest(self, now_us: int) -> int:
        """The last event by ``now_us``."""
        return self.cadence.newest(now_us, self.share)

    def time(self, index: int) -> int:
        """When event ``index`` happens (µs)."""
        return self.cadence.at(index, self.share(index))

    def share(self, _: int) -> float:
        """How far into its own time an event happens: each stream has a rhythm of its own."""
        return (mix(self.traded.trades.key, len(self.name)) & 0xFFFF) / 0x10000

    def frames(self, index: int) -> Iterable[str]:
        """The event's payload as it goes out."""
        for payload in self.payloads(index):
            yield f'{{"stream":"{self.name}","data":{payload}}}' if self.combined else payload

    def payloads(self, index: int) -> Iterator[str]:
        """Compact JSON texts of the event."""
        raise NotImplementedError

    @property
    def divisor(self) -> int:
        """Microseconds in a tick of this socket's times."""
        return MICROSECONDS // self.unit


class TradeStream(Stream):
    """One frame for each trade."""

    def share(self, index: int) -> float:
        return self.traded.trades.share(index)

    def payloads(self, index: int) -> Iterator[str]:
        traded, made = self.traded, self.traded.trades.trade(index)
        if traded.trades.level(made.at_us) is None:
            return
        time, maker = made.at_us // self.divisor, "true" if made.buyer_is_maker else "false"
        yield (
            f'{{"e":"trade","E":{time},"s":"{traded.symbol.name}","t":{index},"p":"{traded.price(made.ticks)}",'
            f'"q":"{traded.symbol.amount(made.steps)}","T":{time},"m":{maker},"M":true}}'
        )


class BookStream(Stream):
    """The best offers: update ids without a hole; no time, as in life."""

    def payloads(self, index: int) -> Iterator[str]:
        trades, symbol = self.traded.trades, self.traded.symbol
        level = trades.level(self.time(index))
        if level is None:
            return
        chance = mix(trades.key + 1, index)
        bid = max(1, level + chance % 5 - 2)
        max_steps = SIZES * trades.typical
        sizes = [symbol.amount(trades.step * (1 + (chance >> shift) % max_steps)) for shift in (8, 36)]
        yield (
            f'{{"u":{index},"s":"{symbol.name}","b":"{self.traded.price(bid)}","B":"{sizes[0]}",'
            f'"a":"{self.traded.price(bid + 1)}","A":"{sizes[1]}"}}'
        )


class MiniTickerStream(Stream):
    """The rolling day once a second; its last price is that of the last trade."""

    def payloads(self, index: int) -> Iterator[str]:
        at_us = self.time(index)
        payload = mini_ticker(self.traded, at_us, self.divisor)
        if payload:
            yield payload


@dataclass(frozen=True, slots=True)
class KlineStream(Stream):
    """The open kline every two seconds, and each kline once more as it closes (``x``)."""

    interval: str = "1m"

    def payloads(self, index: int) -> Iterator[str]:
        at_us, before_us = self.time(index), self.time(index - 1)
        start = bucket_start(self.interval, at_us / MICROSECONDS)
        earlier = bucket_start(self.interval, before_us / MICROSECONDS)
        if earlier < start:
            closed_us = next_start(self.interval, earlier) * MICROSECONDS
            yield from self._kline(earlier, closed_us, closed=True)
            # two events of one stream never share their time
            at_us = max(at_us, closed_us + 1_000)
        yield from self._kline(start, at_us, closed=False)

    def _kline(self, start: int, at_us: int, *, closed: bool) -> Iterator[str]:
        symbol, trades = self.traded.symbol, self.traded.trades
        for kline in present(symbol, self.interval, [start], at_us / MICROSECONDS):
            last = trades.newest(at_us - 1) if kline.bar.trades else -1
            first = last - kline.bar.trades + 1 if kline.bar.trades else -1
            numbers = row(symbol, kline, self.unit)
            market, ids = (symbol.name, self.interval), (first, last)
            content = _kline_content(numbers, market, ids, closed=closed)
            yield f'{{"e":"kline","E":{at_us // self.divisor},"s":"{symbol.name}","k":{content}}}'


def mini_ticker(traded: TradedSymbol, at_us: int, divisor: int) -> str | None:
    """The event of ``@miniTicker`` and of each row of ``!miniTicker@arr``; None for what never traded."""
    trades, places = traded.trades, traded.symbol.coin.price_decimals
    day, newest = traded.day(at_us), traded.trades.newest(at_us)
    if day is None or newest < 1:
        return None
    last = trades.trade(newest).ticks
    begin, high, low = (round(price * 10**places) for price in day[:3])
    prices = (traded.price(ticks) for ticks in (last, begin, max(last, high), min(last, low)))
    fields = ",".join(f'"{name}":"{price}"' for name, price in zip("cohl", prices, strict=True))
    head = f'{{"e":"24hrMiniTicker","E":{at_us // divisor},"s":"{traded.symbol.name}"'
    return f'{head},{fields},"v":"{day[3]}","q":"{day[4]}"}}'


def _kline_content(numbers: Row, market: tuple[str, str], ids: tuple[int, int], *, closed: bool) -> str:
    """REST's row as the stream's object."""
    names = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")
    value = dict(zip(names, numbers, strict=True))
    quoted = ",".join(f'"{name}":"{value[name]}"' for name in "ochlv")
    return (
        f'{{"t":{value["t"]},"T":{value["T"]},"s":"{market[0]}","i":"{market[1]}",'
        f'"f":{ids[0]},"L":{ids[1]},{quoted},"n":{value["n"]},"x":{"true" if closed else "false"},'
        f'"q":"{value["q"]}","V":"{value["V"]}","Q":"{value["Q"]}","B":"{value["B"]}"}}'
    )


KINDS: Final[Mapping[str, type[Stream]]] = {
    "trade": TradeStream,
    "bookTicker": BookStream,
    "miniTicker": MiniTickerStream,
}


class TradedSymbols:
    """Every symbol with its trades, made on first use; REST and sockets share them."""

    def __init__(self, market: Market, settings: StreamSettings) -> None:
        self.market, self.settings = market, settings
        self.listed = listed(market)
        self.venue = Venue(market, BINANCE)
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, name: str) -> TradedSymbol | None:
        """``BTCUSDT``, or one of the extra symbols; None if there is none."""
        extra = EXTRA.fullmatch(name.lower())
        coins = self.market.coins
        symbol = (
            Symbol(name.upper(), coins[int(extra[1]) % len(coins)], self.venue)
            if extra
            else self.listed.get(name)
        )
        if symbol is None:
            return None
        trades = TradeSequence(name, symbol.coin, symbol.venue, self.settings.cadences["trade"], step=STEP)
        return TradedSymbol(symbol, trades)

    def streams(self, names: Iterable[str], unit: int, *, combined: bool) -> Iterator[Channel]:
        """The streams of these names; a symbol that is not listed has none, and no error."""
        for name in names:
            if name == ALL_TICKERS:
                yield AllTickers(self, self.settings.cadences["miniTicker"], unit, combined)
                continue
            matched = NAME.fullmatch(name) if well_formed(name) else None
            traded = self.find(matched[1].upper()) if matched else None
            if matched and traded:
                kind, interval = matched[2], matched[3]
                cadence = self.settings.cadences["kline" if interval else kind]
                if interval:
                    yield KlineStream(name, traded, cadence, unit, combined, interval)
                else:
                    yield KINDS[kind](name, traded, cadence, unit, combined)


@dataclass(frozen=True, slots=True)
class AllTickers:
    """``!miniTicker@arr``: once a second, the listed symbols that have traded since the last time."""

    symbols: TradedSymbols
    cadence: Cadence
    unit: int
    combined: bool
    name: str = ALL_TICKERS

    def newest(self, now_us: int) -> int:
        """The last event by ``now_us``."""
        return self.cadence.newest(now_us, lambda _: 0.0)

    def time(self, index: int) -> int:
        """When event ``index`` happens (µs)."""
        return self.cadence.at(index, 0.0)

    def frames(self, index: int) -> Iterable[str]:
        """One list, unless nothing has traded."""
        rows = list(self._rows(self.time(index - 1), self.time(index)))
        if rows:
            payload = f"[{','.join(rows)}]"
            yield f'{{"stream":"{self.name}","data":{payload}}}' if self.combined else payload

    def _rows(self, before_us: int, at_us: int) -> Iterator[str]:
        for name in self.symbols.listed:
            traded = self.symbols.find(name)
            if traded and traded.trades.newest(before_us) < traded.trades.newest(at_us):
                row = mini_ticker(traded, at_us, MICROSECONDS // self.unit)
                if row:
                    yield row


def well_formed(name: object) -> bool:
    """Whether a text can name a stream; whether its symbol is listed does not matter, as in life."""
    matched = NAME.fullmatch(name) if isinstance(name, str) else None
    return name == ALL_TICKERS or (matched is not None and matched[3] in {None, *INTERVALS})
