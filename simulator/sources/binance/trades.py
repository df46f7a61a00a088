"""Binance's trades by REST: the same as in the trade streams, oldest first."""

from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.trades import MICROSECONDS
from simulator.sources.binance import errors
from simulator.sources.binance.klines import time_unit
from simulator.sources.binance.streams import TradedSymbols
from simulator.sources.binance.symbols import SYMBOL, find

HISTORICAL: Final = ("symbol", "limit", "fromId")
RECENT: Final = ("symbol", "limit")
WEIGHT: Final = 25
DEFAULT_ROWS: Final = 500
MAX_ROWS: Final = 1_000


def trades(symbols: TradedSymbols, request: ApiRequest) -> list[dict[str, object]]:
    """``/historicalTrades`` from ``fromId`` on, without it (and ``/trades``) the newest."""
    name = request.query.get("symbol", "")
    traded = symbols.find(name)
    if traded is None:
        find(symbols.listed, request)  # refuses it in Binance's words
        raise errors.illegal("symbol", SYMBOL)
    limit = min(MAX_ROWS, request.whole("limit", DEFAULT_ROWS, errors.not_a_number))
    if limit < 1:
        raise errors.bad_value("limit")
    newest = traded.trades.newest(int(request.now * MICROSECONDS))
    first = max(1, request.whole("fromId", newest - limit + 1, errors.not_a_number))
    divisor = MICROSECONDS // time_unit(request)
    return [traded.trade(index, divisor) for index in range(first, min(newest, first + limit - 1) + 1)]
