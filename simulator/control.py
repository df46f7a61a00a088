"""The simulator's own paths: ``/_health``, ``/_faults``, ``/_market``, ``/_venues``, ``/_requests``."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import binance_symbols, coinbase_products
from simulator.answers import Answer, iso
from simulator.archive_files import flaws
from simulator.binance_symbols import Symbol
from simulator.coinbase_products import Product
from simulator.faults import BadPlan, Plan, parse_plan
from simulator.market import Market

MAX_BODY_BYTES: Final = 65_536
MIN_PERCENT: Final = -100  # a price cannot fall further
MAX_PERCENT: Final = 1_000


class Control:
    """Endpoints over the market, the fault plan and the request counts."""

    def __init__(self, market: Market, plan: Plan, requests: Counter[str]) -> None:
        self.market = market
        self.plan = plan
        self.requests = requests

    def routes(self) -> list[Route]:
        """One route a path; the method is looked at inside."""
        return [
            Route("/_health", self.health),
            Route("/_faults", self.faults, methods=["GET", "PUT", "DELETE"]),
            Route("/_market", self.shocks, methods=["GET", "PUT", "DELETE"]),
            Route("/_venues", self.venues),
            Route("/_requests", self.counts, methods=["GET", "DELETE"]),
        ]

    async def health(self, _: Request) -> Response:
        """Alive, and which market it is."""
        market = self.market
        return Answer(
            {"status": "ok", "seed": market.seed, "coins": len(market.coins), "time": iso(market.now())}
        )

    async def faults(self, request: Request) -> Response:
        """PUT replaces the whole plan, DELETE empties it; each answers with the plan now in force."""
        if request.method == "PUT":
            self.plan.rules = parse_plan(await document(request))
        elif request.method == "DELETE":
            self.plan.rules = []
        return Answer([rule.described() for rule in self.plan.rules])

    async def shocks(self, request: Request) -> Response:
        """PUT moves one price from now on, on top of earlier shocks; DELETE takes all shocks back."""
        if request.method == "PUT":
            coin, percent = _shock(self.market, await document(request))
            self.market.shock(self.market.by_id[coin], percent)
        elif request.method == "DELETE":
            self.market.shocks.clear()
        moved = {
            coin: [{"at": iso(shock.at), "percent": round((shock.factor - 1) * 100, 6)} for shock in shocks]
            for coin, shocks in self.market.shocks.items()
        }
        return Answer(moved)

    async def venues(self, _: Request) -> Response:
        """Why buckets are absent: listing hours, ends and outages of each venue, flaws of the archive."""
        symbols = binance_symbols.listed(self.market)
        archive = flaws(self.market.seed, symbols)
        return Answer(
            {
                "coinbase": _venue(coinbase_products.listed(self.market)),
                "binance": _venue(symbols),
                "binance_archive": {
                    flaw.kind: {"symbol": flaw.symbol, "day": iso(flaw.day)[:10]} for flaw in archive
                },
            }
        )

    async def counts(self, request: Request) -> Response:
        """Requests to the sources by path; DELETE starts again from none."""
        if request.method == "DELETE":
            self.requests.clear()
        return Answer(dict(self.requests))


def _venue(markets: Mapping[str, Product | Symbol]) -> dict[str, object]:
    venue = next(iter(markets.values())).venue
    listed = {name: iso(venue.listed(found.coin), "seconds") for name, found in markets.items()}
    ends = {name: venue.gone(found.coin) for name, found in markets.items()}
    return {
        "listed": listed,
        "delisted": {name: iso(end, "seconds") for name, end in ends.items() if math.isfinite(end)},
        "outages": [[iso(start, "seconds"), iso(end, "seconds")] for start, end in venue.outages],
    }


async def document(request: Request) -> object:
    """The JSON of a control request's body; ``BadPlan`` if it has none."""
    body = await request.body()
    if len(body) > MAX_BODY_BYTES:
        raise BadPlan(f"The body has more than {MAX_BODY_BYTES} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadPlan("The body is not JSON.") from None


async def refused_plan(_: Request, error: Exception) -> Response:
    """Starlette's handler for ``BadPlan``."""
    return Answer({"error": str(error)}, 400)


def _shock(market: Market, given: object) -> tuple[str, float]:
    if not isinstance(given, dict) or set(given) != {"asset", "percent"}:
        raise BadPlan('A shock is a JSON object such as {"asset": "BTC", "percent": 8}.')
    coin = market.find(given["asset"]) if isinstance(given["asset"], str) else None
    if coin is None:
        raise BadPlan(f"asset {given['asset']!r} is neither a symbol nor a CoinGecko id of this market.")
    percent = given["percent"]
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not math.isfinite(percent):
        raise BadPlan(f"percent must be a number, not {percent!r}.")
    if not MIN_PERCENT < percent <= MAX_PERCENT:
        raise BadPlan(f"percent must be above {MIN_PERCENT} and at most {MAX_PERCENT}, not {percent!r}.")
    return coin.id, float(percent)
