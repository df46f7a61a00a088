"""What Kraken's channels send: ``ticker``, ``trade``, ``ohlc`` and ``heartbeat`` of websocket v2.

Shapes are those of docs.kraken.com/exchange/api-reference/spot-websocket-v2 and of public captures from
July 2024 to October 2026: numbers are JSON numbers with all places of the pair (``84.10``), times RFC 3339
with six places, the beginnings of candles with nine. A candle carries no mark that it is closed: its last
message before the next ``interval_begin`` is final. Buckets without a trade are not sent.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulator.market.bars import Bar
from simulator.market.times import MINUTE, iso
from simulator.market.trades import MICROSECONDS, Cadence, mix
from simulator.sources.kraken.pairs import TradedPair
from simulator.websockets.sessions import Session

SNAPSHOT_TRADES: Final = 50
SNAPSHOT_CANDLES: Final = 12  # as captured; the documents name no number


@dataclass(frozen=True, slots=True)
class TradeChannel:
    """``trade`` of one pair: a message for each trade."""

    name: str
    traded: TradedPair

    def newest(self, now_us: int) -> int:
        """The last trade by ``now_us``."""
        return self.traded.trades.newest(now_us)

    def time(self, index: int) -> int:
        """When trade ``index`` is made (µs)."""
        trades = self.traded.trades
        return trades.cadence.at(index, trades.share(index))

    def frames(self, index: int) -> Iterable[str]:
        """One message."""
        yield message("trade", "update", [self.row(index)])

    def snapshot(self, now_us: int) -> str:
        """The newest 50 trades, oldest first."""
        newest = self.newest(now_us)
        rows = [self.row(index) for index in range(max(1, newest - SNAPSHOT_TRADES + 1), newest + 1)]
        return message("trade", "snapshot", rows)

    def row(self, index: int) -> str:
        """One trade; ``side`` is the taker's."""
        traded = self.traded
        pair, made = traded.pair, traded.trades.trade(index)
        return (
            f'{{"symbol":"{pair.symbol}","side":"{traded.taker_side(made)}",'
            f'"price":{pair.price(traded.price_of(made))},"qty":{pair.amount(made.steps)},'
            f'"ord_type":"{traded.order_type(made)}","trade_id":{index},"timestamp":"{timestamp(made.at_us)}"}}'
        )


@dataclass(frozen=True, slots=True)
class TickerChannel:
    """``ticker`` of one pair: with each trade, or (trigger ``bbo``) with each change of the best offers."""

    name: str
    traded: TradedPair
    book: Cadence | None = None

    def newest(self, now_us: int) -> int:
        """The last event by ``now_us``."""
        if self.book:
            return self.book.newest(now_us, lambda _: 0.0)
        return self.traded.trades.newest(now_us)

    def time(self, index: int) -> int:
        """When event ``index`` happens (µs)."""
        if self.book:
            return self.book.at(index, 0.0)
        return self.traded.trades.cadence.at(index, self.traded.trades.share(index))

    def frames(self, index: int) -> Iterable[str]:
        """One message, unless nothing has traded yet."""
        row = self.row(self.time(index))
        if row:
            yield message("ticker", "update", [row])

    def snapshot(self, now_us: int) -> str | None:
        """The present state."""
        row = self.row(now_us)
        return message("ticker", "snapshot", [row]) if row else None

    def row(self, at_us: int) -> str | None:
        """The last trade, the offers around it, and the 24 hours before."""
        traded = self.traded
        pair, trades, newest = traded.pair, traded.trades, traded.trades.newest(at_us)
        if newest < 1:
            return None
        made = trades.trade(newest)
        last, tick = traded.price_of(made), 10**-pair.decimals
        day = traded.day(at_us) or Bar(last, last, last, last, 0, 0)
        chance = mix(trades.key + 4, newest)
        bid = max(tick, last - tick * made.buyer_is_maker)
        offers = [pair.amount(1 + (chance >> shift) % (20 * trades.typical)) for shift in (0, 30)]
        change = f"{last - day.open:.{pair.decimals}f}"
        return (
            f'{{"symbol":"{pair.symbol}","bid":{pair.price(bid)},"bid_qty":{offers[0]},'
            f'"ask":{pair.price(bid + tick)},"ask_qty":{offers[1]},"last":{pair.price(last)},'
            f'"volume":{pair.amount(day.volume)},"vwap":{pair.price(pair.mean_price(day))},'
            f'"low":{pair.price(min(day.low, last))},"high":{pair.price(max(day.high, last))},'
            f'"change":{change},"change_pct":{(last / day.open - 1) * 100:.2f},"trades":{day.trades},'
            f'"timestamp":"{timestamp(at_us)}"}}'
        )


@dataclass(frozen=True, slots=True)
class CandleChannel:
    """``ohlc`` of one pair and interval: the open candle, and each candle once more as it ends."""

    name: str
    traded: TradedPair
    cadence: Cadence
    interval: int

    def newest(self, now_us: int) -> int:
        """The last event by ``now_us``."""
        return self.cadence.newest(now_us, lambda _: 0.0)

    def time(self, index: int) -> int:
        """When event ``index`` happens (µs)."""
        return self.cadence.at(index, 0.0)

    def frames(self, index: int) -> Iterable[str]:
        """The candle before in its final state, if it has ended since the event before, and the open one."""
        at_us, size = self.time(index), self.interval * MINUTE
        start, earlier = (us // MICROSECONDS // size * size for us in (at_us, self.time(index - 1)))
        for begin in (earlier, start) if earlier < start else (start,):
            row = self.row(begin, at_us)
            if row:
                yield self._message("update", [row], at_us)

    def snapshot(self, now_us: int) -> str:
        """The newest candles, oldest first."""
        size = self.interval * MINUTE
        newest = now_us // MICROSECONDS // size * size
        starts = range(newest - SNAPSHOT_CANDLES * size, newest + 1, size)
        rows = [row for row in (self.row(start, now_us) for start in starts) if row]
        return self._message("snapshot", rows, now_us)

    def row(self, start: int, at_us: int) -> str | None:
        """One candle as far as it has gone; None if nothing traded in it."""
        pair, end = self.traded.pair, start + self.interval * MINUTE
        bar = pair.venue.bar(pair.coin, start, min(end, at_us / MICROSECONDS))
        if bar is None:
            return None
        prices = ",".join(
            f'"{name}":{pair.price(price)}'
            for name, price in zip(("open", "high", "low", "close"), bar[:4], strict=True)
        )
        begin = f"{iso(start, 'microseconds')[:-1]}000Z"
        return (
            f'{{"symbol":"{pair.symbol}",{prices},"trades":{bar.trades},"volume":{pair.amount(bar.volume)},'
            f'"vwap":{pair.price(pair.mean_price(bar))},"interval_begin":"{begin}",'
            f'"interval":{self.interval},"timestamp":"{iso(end, "microseconds")}"}}'
        )

    def _message(self, kind: str, rows: list[str], at_us: int) -> str:
        stamp = f'"timestamp":"{timestamp(at_us)[:-1]}000Z",'
        return f'{{"channel":"ohlc","type":"{kind}",{stamp}"data":[{",".join(rows)}]}}'


@dataclass(slots=True)
class Heartbeat:
    """``heartbeat``: about once a second, while nothing else is sent."""

    session: Session
    cadence: Cadence
    sent_before: int = -1
    name: str = "heartbeat"

    def newest(self, now_us: int) -> int:
        """The last beat by ``now_us``."""
        return self.cadence.newest(now_us, lambda _: 0.0)

    def time(self, index: int) -> int:
        """When beat ``index`` is (µs)."""
        return self.cadence.at(index, 0.0)

    def frames(self, _: int) -> Iterable[str]:
        """One message, if no frame was sent since the last beat."""
        idle = self.session.frames_sent == self.sent_before
        self.sent_before = self.session.frames_sent + idle
        if idle:
            yield '{"channel":"heartbeat"}'


def message(channel: str, kind: str, rows: list[str]) -> str:
    """A ``snapshot`` or an ``update``."""
    return f'{{"channel":"{channel}","type":"{kind}","data":[{",".join(rows)}]}}'


def status(connection_id: int) -> str:
    """What a connection begins with."""
    state = {
        "version": "2.0.10",
        "system": "online",
        "api_version": "v2",
        "connection_id": connection_id,
        "upcoming_maintenance": [],
        "emergency": [],
    }
    return json.dumps({"channel": "status", "type": "update", "data": [state]}, separators=(",", ":"))


def timestamp(at_us: int) -> str:
    """``2026-10-06T18:06:02.264627Z``."""
    return iso(at_us / MICROSECONDS, "microseconds")
