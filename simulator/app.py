"""The simulator as one ASGI application: ``uvicorn simulator.app:app`` or ``create_app`` for tests."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp

from simulator import archive, binance, coinbase, coincap, coindesk, coingecko, sentiment
from simulator.coingecko import Access
from simulator.control import Control, refused_plan
from simulator.faults import BadPlan, Plan
from simulator.market import Market
from simulator.saboteur import Saboteur
from simulator.streams import Streams
from simulator.terms import Terms

DEFAULT_SEED: Final = 1
COMPRESSED_FROM_BYTES: Final = 1_000


def create_app(
    seed: int = DEFAULT_SEED,
    clock: Callable[[], float] = time.time,
    *,
    access: Access = Access(),  # noqa: B008 - frozen, so sharing one is safe
    coinbase_limited: bool = True,
    terms: Terms = Terms(),  # noqa: B008 - frozen, so sharing one is safe
) -> ASGIApp:
    """A market of its own with every source; ``clock`` tells seconds since 1970."""
    market, plan, requests = Market(seed, clock), Plan(), Counter[str]()
    streams = Streams(market)
    routes = [
        *Control(market, plan, requests).routes(),
        streams.route(),
        Mount("/coingecko/api/v3", coingecko.application(market, access)),
        Mount("/coingecko-pro/api/v3", coingecko.application(market, access, pro=True)),
        Mount("/coinbase", coinbase.application(market, streams.products, limited=coinbase_limited)),
        Mount("/binance", binance.application(market, streams.assets, terms.binance_weight)),
        Mount("/binance_archive", archive.application(market)),
        Mount("/coincap/v3", coincap.application(market, terms)),
        Mount("/coincap/v2", coincap.retired(market)),
        Mount("/coindesk", coindesk.application(market, terms)),
        Mount("/alternative_me", sentiment.application(market, terms)),
    ]
    compression = Middleware(
        GZipMiddleware,
        minimum_size=COMPRESSED_FROM_BYTES,
        compresslevel=5,
        exclude_content_types=(archive.MEDIA_TYPE,),
    )
    app = Starlette(routes=routes, middleware=[compression], exception_handlers={BadPlan: refused_plan})
    # outside of Starlette, because it must reach the server's own connection to cut it
    return streams.beside(Saboteur(app, plan, requests, clock))


app = create_app()
