"""What Binance's streams say: trades, book tickers, mini tickers and klines as compact JSON.

Every event is a pure function of its stream and number, so two sockets tell the same to the byte.
Times are in milliseconds, or with ``timeUnit=MICROSECOND`` in microseconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from simulator.binance_klines import Row, present, row
from simulator.binance_symbols import PLACES, Symbol
from simulator.market import DAY
from simulator.spans import MINUTE, following, opening
from simulator.tape import MICROSECONDS, Pace, Tape, Trade, mixed

SIZES: Final = 20  # offers of the book, in typical trades
_REMEMBERED: Final = 4


@dataclass(frozen=True, slots=True)
class Asset:
    """A symbol with its trades, and the open, high, low and volumes of the day before some minute."""

    symbol: Symbol
    tape: Tape
    days: dict[int, tuple[float, float, float, str, str] | None] = field(default_factory=dict)

    def price(self, ticks: int) -> str:
        """``77361.43000000``."""
        return f"{ticks / 10**self.symbol.coin.price_decimals:.8f}"

    def trade(self, index: int, divisor: int) -> dict[str, object]:
        """The values of trade ``index`` that REST and streams share."""
        made = self.tape.trade(index)
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
        minute = (at_us // MICROSECONDS + self.tape.key % MINUTE) // MINUTE
        if minute not in self.days:
            if len(self.days) > _REMEMBERED:
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
    """``btcusdt@trade``: its name, asset, pace and the ticks of its time unit; ``combined`` wraps frames."""

    name: str
    asset: Asset
    pace: Pace
    unit: int = 1_000
    combined: bool = True

    def newest(self, now_us: int) -> int:
        """The last event by ``now_us``."""
        return self.pace.newest(now_us, self.share)

    def time(self, index: int) -> int:
        """When event ``index`` happens (µs)."""
        return self.pace.at(index, self.share(index))

    def share(self, _: int) -> float:
        """How far into its own time an event happens: each stream has a rhythm of its own."""
        return (mixed(self.asset.tape.key, len(self.name)) & 0xFFFF) / 0x10000

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
    """One frame for each trade of the tape."""

    def share(self, index: int) -> float:
        return self.asset.tape.share(index)

    def payloads(self, index: int) -> Iterator[str]:
        asset, made = self.asset, self.asset.tape.trade(index)
        if asset.tape.level(made.at_us) is None:
            return
        time, maker = made.at_us // self.divisor, "true" if made.buyer_is_maker else "false"
        yield (
            f'{{"e":"trade","E":{time},"s":"{asset.symbol.name}","t":{index},"p":"{asset.price(made.ticks)}",'
            f'"q":"{asset.symbol.amount(made.steps)}","T":{time},"m":{maker},"M":true}}'
        )


class BookStream(Stream):
    """The best offers: update ids without a hole; no time, as in life."""

    def payloads(self, index: int) -> Iterator[str]:
        tape, symbol = self.asset.tape, self.asset.symbol
        level = tape.level(self.time(index))
        if level is None:
            return
        chance = mixed(tape.key + 1, index)
        bid = max(1, level + chance % 5 - 2)
        most = SIZES * tape.typical
        sizes = [symbol.amount(tape.step * (1 + (chance >> shift) % most)) for shift in (8, 36)]
        yield (
            f'{{"u":{index},"s":"{symbol.name}","b":"{self.asset.price(bid)}","B":"{sizes[0]}",'
            f'"a":"{self.asset.price(bid + 1)}","A":"{sizes[1]}"}}'
        )


class MiniTickerStream(Stream):
    """The rolling day once a second; its last price is that of the last trade."""

    def payloads(self, index: int) -> Iterator[str]:
        at_us = self.time(index)
        found = mini_ticker(self.asset, at_us, self.divisor)
        if found:
            yield found


@dataclass(frozen=True, slots=True)
class KlineStream(Stream):
    """The open kline every two seconds, and each kline once more as it closes (``x``)."""

    interval: str = "1m"

    def payloads(self, index: int) -> Iterator[str]:
        at_us, before_us = self.time(index), self.time(index - 1)
        start = opening(self.interval, at_us / MICROSECONDS)
        earlier = opening(self.interval, before_us / MICROSECONDS)
        if earlier < start:
            closed_us = following(self.interval, earlier) * MICROSECONDS
            yield from self._kline(earlier, closed_us, closed=True)
            # two events of one stream never share their time
            at_us = max(at_us, closed_us + 1_000)
        yield from self._kline(start, at_us, closed=False)

    def _kline(self, start: int, at_us: int, *, closed: bool) -> Iterator[str]:
        symbol, tape = self.asset.symbol, self.asset.tape
        for kline in present(symbol, self.interval, [start], at_us / MICROSECONDS):
            last = tape.newest(at_us - 1) if kline.bar.trades else -1
            first = last - kline.bar.trades + 1 if kline.bar.trades else -1
            told = kline_told(row(symbol, kline, self.unit), (symbol.name, self.interval), (first, last))
            ends = told.format("true" if closed else "false")
            yield f'{{"e":"kline","E":{at_us // self.divisor},"s":"{symbol.name}","k":{ends}}}'


def mini_ticker(asset: Asset, at_us: int, divisor: int) -> str | None:
    """The event of ``@miniTicker`` and of each row of ``!miniTicker@arr``; None for what never traded."""
    tape, places = asset.tape, asset.symbol.coin.price_decimals
    day, newest = asset.day(at_us), asset.tape.newest(at_us)
    if day is None or newest < 1:
        return None
    last = tape.trade(newest).ticks
    begin, high, low = (round(price * 10**places) for price in day[:3])
    prices = (asset.price(ticks) for ticks in (last, begin, max(last, high), min(last, low)))
    told = ",".join(f'"{name}":"{price}"' for name, price in zip("cohl", prices, strict=True))
    head = f'{{"e":"24hrMiniTicker","E":{at_us // divisor},"s":"{asset.symbol.name}"'
    return f'{head},{told},"v":"{day[3]}","q":"{day[4]}"}}'


def kline_told(numbers: Row, market: tuple[str, str], ids: tuple[int, int]) -> str:
    """REST's row as the stream's object, with a place left for whether it is closed."""
    names = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")
    value = dict(zip(names, numbers, strict=True))
    quoted = ",".join(f'"{name}":"{value[name]}"' for name in "ochlv")
    return (
        f'{{{{"t":{value["t"]},"T":{value["T"]},"s":"{market[0]}","i":"{market[1]}",'
        f'"f":{ids[0]},"L":{ids[1]},{quoted},"n":{value["n"]},"x":{{}},'
        f'"q":"{value["q"]}","V":"{value["V"]}","Q":"{value["Q"]}","B":"{value["B"]}"}}}}'
    )
