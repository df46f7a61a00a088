"""Which streams Binance has: their names, what each is made of, and the symbols behind them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from simulator import binance_frames as frames
from simulator import binance_symbols
from simulator.binance_frames import Asset, KlineStream, Stream, mini_ticker
from simulator.binance_symbols import Symbol
from simulator.market import Market
from simulator.pump import Channel
from simulator.spans import INTERVALS
from simulator.stream_terms import StreamTerms
from simulator.tape import MICROSECONDS, Pace, Tape
from simulator.venues import BINANCE, Venue

STEP: Final = 10  # the walk's steps in the smallest amount that Binance trades
ALL_TICKERS: Final = "!miniTicker@arr"
EXTRA: Final = re.compile(r"sim(\d{1,5})usdt")  # as many more symbols as a load test wants
NAME: Final = re.compile(r"([a-z0-9_.-]{1,20})@(trade|bookTicker|miniTicker|kline_(\w{1,3}))")
KINDS: Final[Mapping[str, type[Stream]]] = {
    "trade": frames.TradeStream,
    "bookTicker": frames.BookStream,
    "miniTicker": frames.MiniTickerStream,
}


class Assets:
    """Every symbol with its tape, made when it is first asked for; REST and sockets share them."""

    def __init__(self, market: Market, terms: StreamTerms) -> None:
        self.market, self.terms = market, terms
        self.listed = binance_symbols.listed(market)
        self.venue = Venue(market, BINANCE)
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, name: str) -> Asset | None:
        """The asset of ``BTCUSDT``, or of one of the extra symbols; None if there is none."""
        extra = EXTRA.fullmatch(name.lower())
        coins = self.market.coins
        symbol = (
            Symbol(name.upper(), coins[int(extra[1]) % len(coins)], self.venue)
            if extra
            else self.listed.get(name)
        )
        if symbol is None:
            return None
        tape = Tape(name, symbol.coin, symbol.venue, self.terms.paces["trade"], step=STEP)
        return Asset(symbol, tape)

    def streams(self, names: Iterable[str], unit: int, *, combined: bool) -> Iterator[Channel]:
        """The streams of these names; a symbol that is not listed has one that never says anything."""
        for name in names:
            if name == ALL_TICKERS:
                yield AllTickers(self, self.terms.paces["miniTicker"], unit, combined)
                continue
            matched = NAME.fullmatch(name) if well_formed(name) else None
            asset = self.find(matched[1].upper()) if matched else None
            if matched and asset:
                kind, interval = matched[2], matched[3]
                pace = self.terms.paces["kline" if interval else kind]
                if interval:
                    yield KlineStream(name, asset, pace, unit, combined, interval)
                else:
                    yield KINDS[kind](name, asset, pace, unit, combined)


@dataclass(frozen=True, slots=True)
class AllTickers:
    """``!miniTicker@arr``: once a second, the listed symbols that have traded since the last time."""

    assets: Assets
    pace: Pace
    unit: int
    combined: bool
    name: str = ALL_TICKERS

    def newest(self, now_us: int) -> int:
        """The last event by ``now_us``."""
        return self.pace.newest(now_us, lambda _: 0.0)

    def time(self, index: int) -> int:
        """When event ``index`` happens (µs)."""
        return self.pace.at(index, 0.0)

    def frames(self, index: int) -> Iterable[str]:
        """One list, unless nothing has traded."""
        rows = list(self._rows(self.time(index - 1), self.time(index)))
        if rows:
            told = f"[{','.join(rows)}]"
            yield f'{{"stream":"{self.name}","data":{told}}}' if self.combined else told

    def _rows(self, before_us: int, at_us: int) -> Iterator[str]:
        for name in self.assets.listed:
            asset = self.assets.find(name)
            if asset and asset.tape.newest(before_us) < asset.tape.newest(at_us):
                row = mini_ticker(asset, at_us, MICROSECONDS // self.unit)
                if row:
                    yield row


def well_formed(name: object) -> bool:
    """Whether a text can name a stream; whether its symbol is listed does not matter, as in life."""
    matched = NAME.fullmatch(name) if isinstance(name, str) else None
    return name == ALL_TICKERS or (matched is not None and matched[3] in {None, *INTERVALS})
