"""The simulator's own paths: health, fault plan, price shocks, absences, request counts, websockets."""

import json
import math
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.endpoints import CompactJson
from simulator.faults.plan import BadControlRequest, FaultPlan, parse_plan
from simulator.market.market import Market
from simulator.market.times import iso
from simulator.websockets.sessions import Sessions
from simulator.websockets.settings import parse_change

MAX_BODY_BYTES: Final = 65_536
MIN_PERCENT: Final = -100  # a price cannot fall further
MAX_PERCENT: Final = 1_000


class Control:
    """Endpoints over the market, the fault plan, the request counts and the open websockets.

    ``absences`` says by source why buckets are missing, ``venues`` which sources have websockets.
    """

    def __init__(
        self,
        market: Market,
        plan: FaultPlan,
        requests: Counter[str],
        sessions: Sessions,
        *,
        venues: Collection[str],
        absences: Mapping[str, Mapping[str, object]],
    ) -> None:
        self.market = market
        self.plan = plan
        self.requests = requests
        self.sessions = sessions
        self.venues = venues
        self.absences = absences

    def routes(self) -> list[Route]:
        """One route a path; the method is looked at inside."""
        return [
            Route("/_health", self.show_health),
            Route("/_faults", self.faults, methods=["GET", "PUT", "DELETE"]),
            Route("/_market", self.shocks, methods=["GET", "PUT", "DELETE"]),
            Route("/_venues", self.show_absences),
            Route("/_requests", self.counts, methods=["GET", "DELETE"]),
            Route("/_streams", self.streams, methods=["GET", "PUT", "DELETE"]),
        ]

    async def show_health(self, _: Request) -> Response:
        """That the simulator runs, and over which market."""
        market = self.market
        return CompactJson(
            {"status": "ok", "seed": market.seed, "coins": len(market.coins), "time": iso(market.now())}
        )

    async def faults(self, request: Request) -> Response:
        """PUT replaces the whole plan, DELETE empties it; each answers with the plan now in force."""
        if request.method == "PUT":
            self.plan.rules = parse_plan(await _document(request))
        elif request.method == "DELETE":
            self.plan.rules = []
        return CompactJson([rule.described() for rule in self.plan.rules])

    async def shocks(self, request: Request) -> Response:
        """PUT moves one price from now on, on top of earlier shocks; DELETE takes all shocks back."""
        if request.method == "PUT":
            coin, percent = _shock(self.market, await _document(request))
            self.market.shock(self.market.by_id[coin], percent)
        elif request.method == "DELETE":
            self.market.shocks.clear()
        return CompactJson(
            {
                coin: [
                    {"at": iso(shock.at), "percent": round((shock.factor - 1) * 100, 6)} for shock in shocks
                ]
                for coin, shocks in self.market.shocks.items()
            }
        )

    async def show_absences(self, _: Request) -> Response:
        """Why buckets are absent: listing hours, ends and outages of each venue, flaws of the archive."""
        return CompactJson(self.absences)

    async def counts(self, request: Request) -> Response:
        """Requests to the sources by path; DELETE starts again from none."""
        if request.method == "DELETE":
            self.requests.clear()
        return CompactJson(dict(self.requests))

    async def streams(self, request: Request) -> Response:
        """PUT changes settings and gives orders, DELETE restores the defaults; each shows what holds now."""
        settings = self.sessions.settings
        if request.method == "PUT":
            change, orders = parse_change(await _document(request), self.venues)
            settings.change(change)
            for order in orders:
                self.sessions.order(order)
        elif request.method == "DELETE":
            settings.reset()
        return CompactJson({**settings.described(), "connections": self.sessions.described()})


async def control_error_response(_: Request, error: Exception) -> Response:
    """Starlette's handler for ``BadControlRequest``."""
    return CompactJson({"error": str(error)}, 400)


async def _document(request: Request) -> object:
    """The JSON of a control request's body; ``BadControlRequest`` if it has none."""
    body = await request.body()
    if len(body) > MAX_BODY_BYTES:
        raise BadControlRequest(f"The body has more than {MAX_BODY_BYTES} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadControlRequest("The body is not JSON.") from None


def _shock(market: Market, document: object) -> tuple[str, float]:
    if not isinstance(document, dict) or set(document) != {"asset", "percent"}:
        raise BadControlRequest('A shock is a JSON object such as {"asset": "BTC", "percent": 8}.')
    asset, percent = document["asset"], document["percent"]
    coin = market.find(asset) if isinstance(asset, str) else None
    if coin is None:
        raise BadControlRequest(f"asset {asset!r} is neither a symbol nor a CoinGecko id of this market.")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not math.isfinite(percent):
        raise BadControlRequest(f"percent must be a number, not {percent!r}.")
    if not MIN_PERCENT < percent <= MAX_PERCENT:
        raise BadControlRequest(
            f"percent must be above {MIN_PERCENT} and at most {MAX_PERCENT}, not {percent!r}."
        )
    return coin.id, float(percent)
