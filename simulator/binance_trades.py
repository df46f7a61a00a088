"""Binance's trades by REST: the same as the trade streams tell, oldest first."""

from typing import Final

from simulator import binance_errors as errors
from simulator.answers import Ask
from simulator.binance_klines import NUMBER, time_unit
from simulator.binance_streams import Assets
from simulator.binance_symbols import SYMBOL, one
from simulator.tape import MICROSECONDS

HISTORICAL: Final = ("symbol", "limit", "fromId")
RECENT: Final = ("symbol", "limit")
WEIGHT: Final = 25
DEFAULT_ROWS: Final = 500
MAX_ROWS: Final = 1_000
MAX_DIGITS: Final = 18


def trades(assets: Assets, ask: Ask) -> list[dict[str, object]]:
    """``/historicalTrades`` from ``fromId`` on, without it (and ``/trades``) the newest."""
    name = ask.query.get("symbol", "")
    asset = assets.find(name)
    if asset is None:
        one(assets.listed, ask)  # refuses it in Binance's words
        raise errors.illegal("symbol", SYMBOL)
    limit = min(MAX_ROWS, _whole(ask, "limit", DEFAULT_ROWS))
    if limit < 1:
        raise errors.bad_value("limit")
    newest = asset.tape.newest(int(ask.now * MICROSECONDS))
    first = max(1, _whole(ask, "fromId", newest - limit + 1))
    divisor = MICROSECONDS // time_unit(ask)
    return [asset.trade(index, divisor) for index in range(first, min(newest, first + limit - 1) + 1)]


def _whole(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        raise errors.illegal(name, NUMBER)
    return int(text)
