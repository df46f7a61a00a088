"""Coinbase Exchange: routes and admission (10 requests a second, bursts of 15, a User-Agent).

Shapes follow docs.cdp.coinbase.com and ccxt's coinbaseexchange; what is an assumption is listed in
the simulator's README.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.requests import Request

from simulator.endpoints import ApiError, ApiRequest, api
from simulator.faults.error_formats import ErrorFormat
from simulator.market import venues
from simulator.market.market import Market
from simulator.market.times import iso
from simulator.quotas import Quotas, TokenBucket, client_address
from simulator.sources import SimulatedSource
from simulator.sources.coinbase import products
from simulator.sources.coinbase.candles import candles
from simulator.sources.coinbase.trades import TradedProducts
from simulator.sources.coinbase.websocket import CoinbaseWebsocket
from simulator.websockets.sessions import Sessions

PER_MINUTE: Final = 600
BURST: Final = 15
ERROR_FORMAT: Final = ErrorFormat(lambda _, text: {"message": text})


def build(market: Market, quotas: Quotas, sessions: Sessions) -> SimulatedSource:
    """REST from ``/products`` on, and the websocket feed."""
    limit = quotas.per_minute("coinbase", PER_MINUTE)
    bucket = TokenBucket(market.now, limit / 60, BURST) if limit else None
    traded = TradedProducts(market, sessions.settings)
    listed = traded.products

    def admit(request: Request) -> bool:
        if bucket and not bucket.acquire(client_address(request)):
            raise ApiError(429, {"message": "Public rate limit exceeded"})
        if not request.headers.get("user-agent", "").strip():
            raise ApiError(400, {"message": "User-Agent header is required."})
        return False

    answers: dict[str, Callable[[ApiRequest], object]] = {
        "/time": lambda request: {"iso": iso(round(request.now, 3)), "epoch": round(request.now, 3)},
        "/products": lambda _: [products.described(product) for product in listed.values()],
        "/products/{id}": partial(products.single, listed),
        "/products/{id}/ticker": partial(products.ticker, listed),
        "/products/{id}/stats": partial(products.stats, listed),
        "/products/{id}/candles": partial(candles, listed),
        "/products/{id}/trades": traded.trades,
        "/currencies": partial(products.currencies, listed),
    }
    return SimulatedSource(
        api=api(market, admit, answers, products.NOT_FOUND),
        error_format=ERROR_FORMAT,
        websocket=CoinbaseWebsocket(traded, sessions),
        absences=venues.absences(traded.venue, {name: product.coin for name, product in listed.items()}),
    )
