"""Binance spot's market data: routes, the weight of each request, and what too much of it leads to.

Shapes follow binance-spot-api-docs (2026-07), ccxt and python-binance; what is an assumption is listed
in the simulator's README.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from simulator.endpoints import ApiError, ApiRequest, api_error_response, endpoint
from simulator.faults.error_formats import ErrorFormat
from simulator.market import venues
from simulator.market.market import Market
from simulator.quotas import Quotas, client_address
from simulator.sources import SimulatedSource
from simulator.sources.binance import errors, tickers, trades
from simulator.sources.binance.klines import klines
from simulator.sources.binance.streams import TradedSymbols
from simulator.sources.binance.symbols import exchange_info
from simulator.sources.binance.websocket import BinanceWebsocket
from simulator.sources.binance.weights import Ban, WeightHeaders, WeightLimit
from simulator.websockets.sessions import Sessions

WEIGHT_PER_MINUTE: Final = 6_000
FEW: Final = 20
MANY: Final = 100
SYMBOLS: Final = ("symbol", "symbols")
KLINES: Final = ("symbol", "interval", "startTime", "endTime", "limit")
CODES: Final = {404: -1121, 418: -1003, 429: -1003, 451: 0, 500: -1000}
ERROR_FORMAT: Final = ErrorFormat(
    lambda status, text: errors.body(CODES[status], text),
    texts={
        404: "Invalid symbol.",
        418: errors.BANNED,
        429: errors.TOO_MUCH.format(limit=WEIGHT_PER_MINUTE),
        451: errors.RESTRICTED,
        500: "An unknown error occurred while processing the request.",
    },
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An answer, the parameters it reads, and what a request for it weighs."""

    answer: Callable[[ApiRequest], object]
    parameters: tuple[str, ...] = ()
    weight: Callable[[Request], int] = lambda _: 1


def build(market: Market, quotas: Quotas, sessions: Sessions) -> SimulatedSource:
    """REST from ``/api/v3`` on, and ``/stream`` and ``/ws`` of the websocket."""
    symbols = TradedSymbols(market, sessions.settings)
    return SimulatedSource(
        api=_api(market, symbols, quotas.per_minute("binance", WEIGHT_PER_MINUTE)),
        error_format=ERROR_FORMAT,
        websocket=BinanceWebsocket(symbols, sessions),
        absences=venues.absences(
            symbols.venue, {name: symbol.coin for name, symbol in symbols.listed.items()}
        ),
    )


def _api(market: Market, symbols: TradedSymbols, limit: int | None) -> Starlette:
    weights = WeightLimit(market.now, limit)
    listed = symbols.listed
    recent = partial(trades.trades, symbols)
    endpoints = {
        "/ping": Endpoint(lambda _: {}),
        "/time": Endpoint(lambda request: {"serverTime": int(request.now * 1_000)}),
        "/klines": Endpoint(partial(klines, listed), KLINES, lambda _: 2),
        "/uiKlines": Endpoint(partial(klines, listed), KLINES, lambda _: 2),
        "/historicalTrades": Endpoint(recent, trades.HISTORICAL, lambda _: trades.WEIGHT),
        "/trades": Endpoint(recent, trades.RECENT, lambda _: trades.WEIGHT),
        "/ticker/24hr": Endpoint(
            partial(tickers.day, listed), (*SYMBOLS, "type", "symbolStatus"), _day_weight
        ),
        "/ticker/price": Endpoint(partial(tickers.price, listed), (*SYMBOLS, "symbolStatus"), _price_weight),
        "/ticker/bookTicker": Endpoint(
            partial(tickers.book, listed), (*SYMBOLS, "symbolStatus"), _price_weight
        ),
        "/exchangeInfo": Endpoint(
            partial(exchange_info, listed, limit or WEIGHT_PER_MINUTE),
            (*SYMBOLS, "permissions", "showPermissionSets", "symbolStatus"),
            lambda _: 20,
        ),
    }
    routes = [
        Route(f"/api/v3{path}", endpoint(market, partial(_admit, weights, known), known.answer))
        for path, known in endpoints.items()
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(WeightHeaders, weights=weights)],
        exception_handlers={ApiError: api_error_response, 404: _not_found},
    )


def _admit(weights: WeightLimit, known: Endpoint, request: Request) -> bool:
    refusal = weights.add(client_address(request), known.weight(request))
    if isinstance(refusal, Ban):
        raise errors.banned(int(refusal.until * 1_000), math.ceil(refusal.wait))
    if refusal is not None:
        raise errors.overweight(weights.limit or WEIGHT_PER_MINUTE, math.ceil(refusal))
    sent = set(request.query_params)
    if not sent <= set(known.parameters):
        raise errors.unread(len(sent & set(known.parameters)), len(sent))
    return False


def _day_weight(request: Request) -> int:
    """2 for up to 20 symbols, 40 for up to 100, 80 beyond and for all."""
    count = _symbol_count(request)
    return 80 if count is None or count > MANY else 40 if count > FEW else 2


def _price_weight(request: Request) -> int:
    return 2 if "symbol" in request.query_params else 4


def _symbol_count(request: Request) -> int | None:
    """How many symbols a request names; None for all."""
    if "symbol" in request.query_params:
        return 1
    try:
        return len(json.loads(request.query_params["symbols"]))
    except (KeyError, ValueError, TypeError):
        return None


async def _not_found(_: Request, __: Exception) -> Response:
    return PlainTextResponse("404 Not Found", 404)
