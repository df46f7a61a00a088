"""Binance spot's market data: routes, the weight of each request, and what too much of it leads to.

Shapes follow binance-spot-api-docs (2026-07), ccxt and python-binance; what is an assumption is listed
in this folder's README.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import binance_errors as errors
from simulator import binance_symbols as symbols
from simulator import binance_tickers as tickers
from simulator import binance_trades
from simulator.answers import Ask, Refusal, endpoint, refused
from simulator.binance_klines import klines
from simulator.binance_streams import Assets
from simulator.limits import Ban, Weights
from simulator.market import Market

WEIGHT_PER_MINUTE: Final = 6_000
FEW: Final = 20
MANY: Final = 100
SYMBOLS: Final = ("symbol", "symbols")
KLINES: Final = ("symbol", "interval", "startTime", "endTime", "limit")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An answer, the parameters it reads, and what a request for it weighs."""

    answer: Callable[[symbols.Symbols, Ask], object]
    parameters: tuple[str, ...] = ()
    weight: Callable[[Request], int] = lambda _: 1


def application(
    market: Market, assets: Assets, weight_per_minute: int | None = WEIGHT_PER_MINUTE
) -> Starlette:
    """The API as an ASGI application, to be mounted where ``/api/v3`` begins; None for no limit."""
    weights = Weights(market.now, weight_per_minute)
    listed = assets.listed
    trades = _trades(assets)
    info = partial(_exchange_info, weight_per_minute or WEIGHT_PER_MINUTE)
    endpoints = {
        "/ping": Endpoint(lambda _, __: {}),
        "/time": Endpoint(lambda _, ask: {"serverTime": int(ask.now * 1_000)}),
        "/klines": Endpoint(klines, KLINES, lambda _: 2),
        "/uiKlines": Endpoint(klines, KLINES, lambda _: 2),
        "/historicalTrades": Endpoint(trades, binance_trades.HISTORICAL, lambda _: binance_trades.WEIGHT),
        "/trades": Endpoint(trades, binance_trades.RECENT, lambda _: binance_trades.WEIGHT),
        "/ticker/24hr": Endpoint(tickers.day, (*SYMBOLS, "type", "symbolStatus"), _day_weight),
        "/ticker/price": Endpoint(tickers.price, (*SYMBOLS, "symbolStatus"), _price_weight),
        "/ticker/bookTicker": Endpoint(tickers.book, (*SYMBOLS, "symbolStatus"), _price_weight),
        "/exchangeInfo": Endpoint(
            info, (*SYMBOLS, "permissions", "showPermissionSets", "symbolStatus"), lambda _: 20
        ),
    }
    routes = [
        Route(
            f"/api/v3{path}", endpoint(market, partial(_admit, weights, found), partial(found.answer, listed))
        )
        for path, found in endpoints.items()
    ]
    counted = Middleware(WeightHeaders, weights=weights)
    return Starlette(
        routes=routes, middleware=[counted], exception_handlers={Refusal: refused, 404: _not_found}
    )


class WeightHeaders:
    """Tells the caller, refused or not, what weight it has used this minute."""

    def __init__(self, app: ASGIApp, weights: Weights) -> None:
        self.app = app
        self.weights = weights

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"][0] if scope.get("client") else "unknown"

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                used = str(self.weights.used(client))
                headers = MutableHeaders(scope=message)
                headers["x-mbx-used-weight"] = headers["x-mbx-used-weight-1m"] = used
            await send(message)

        await self.app(scope, receive, told)


def _admit(weights: Weights, found: Endpoint, request: Request) -> bool:
    client = request.client.host if request.client else "unknown"
    refusal = weights.add(client, found.weight(request))
    if isinstance(refusal, Ban):
        raise errors.banned(int(refusal.until * 1_000), math.ceil(refusal.wait))
    if refusal is not None:
        raise errors.overweight(weights.limit or WEIGHT_PER_MINUTE, math.ceil(refusal))
    sent = set(request.query_params)
    if not sent <= set(found.parameters):
        raise errors.unread(len(sent & set(found.parameters)), len(sent))
    return False


def _trades(assets: Assets) -> Callable[[symbols.Symbols, Ask], object]:
    return lambda _, ask: binance_trades.trades(assets, ask)


def _exchange_info(limit: int, listed: symbols.Symbols, ask: Ask) -> object:
    return symbols.exchange_info(listed, limit, ask)


def _day_weight(request: Request) -> int:
    """2 for up to 20 symbols, 40 for up to 100, 80 beyond and for all."""
    asked = _asked(request)
    return 80 if asked is None or asked > MANY else 40 if asked > FEW else 2


def _price_weight(request: Request) -> int:
    return 2 if "symbol" in request.query_params else 4


def _asked(request: Request) -> int | None:
    """How many symbols a request names; None for all."""
    if "symbol" in request.query_params:
        return 1
    try:
        return len(json.loads(request.query_params["symbols"]))
    except (KeyError, ValueError, TypeError):
        return None


async def _not_found(_: Request, __: Exception) -> Response:
    return PlainTextResponse("404 Not Found", 404)
