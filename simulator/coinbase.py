"""Coinbase Exchange: routes and admission (10 requests a second, bursts of 15, a User-Agent).

Shapes follow docs.cdp.coinbase.com and ccxt's coinbaseexchange; what is an assumption is listed in
this folder's README.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import coinbase_products as products
from simulator.answers import Answer, Ask, Refusal, endpoint, iso, refused
from simulator.coinbase_candles import candles
from simulator.coinbase_trades import TradedProducts
from simulator.limits import TokenBucket
from simulator.market import Market

RATE_PER_SECOND: Final = 10
BURST: Final = 15


def application(market: Market, traded: TradedProducts, *, limited: bool = True) -> Starlette:
    """The API as an ASGI application, to be mounted where ``/products`` begins."""
    bucket = TokenBucket(market.now, RATE_PER_SECOND, BURST)
    listed = traded.products

    def admit(request: Request) -> bool:
        if limited and not bucket.take(request.client.host if request.client else "unknown"):
            raise Refusal(429, {"message": "Public rate limit exceeded"})
        if not request.headers.get("user-agent", "").strip():
            raise Refusal(400, {"message": "User-Agent header is required."})
        return False

    answers: dict[str, Callable[[Ask], object]] = {
        "/time": lambda ask: {"iso": iso(round(ask.now, 3)), "epoch": round(ask.now, 3)},
        "/products": lambda _: [products.described(product) for product in listed.values()],
        "/products/{id}": partial(products.one, listed),
        "/products/{id}/ticker": partial(products.ticker, listed),
        "/products/{id}/stats": partial(products.stats, listed),
        "/products/{id}/candles": partial(candles, listed),
        "/products/{id}/trades": traded.trades,
        "/currencies": partial(products.currencies, listed),
    }
    routes = [Route(path, endpoint(market, admit, answer)) for path, answer in answers.items()]
    return Starlette(routes=routes, exception_handlers={Refusal: refused, 404: _not_found})


async def _not_found(_: Request, __: Exception) -> Response:
    return Answer(products.NOT_FOUND, 404)
