"""CoinCap: v3 with its keys, limit and credits; and what is left of v2, a notice.

Shapes follow mcp-crypto-price and public captures of v3; bodies of errors are guesses, as this folder's
README says.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import coincap_assets as assets
from simulator import coincap_history as history
from simulator.answers import Answer, Ask, Refusal, refused
from simulator.limits import PerMinute
from simulator.market import Market
from simulator.terms import Credits, Terms, accepted, bearer
from simulator.venues import COINCAP, Venue

PER_MINUTE: Final = 600
BYTES_PER_CREDIT: Final = 2_500
SWITCHED_OFF: Final = {
    "data": {
        "message": "We are deprecating this version of the CoinCap API on March 31, 2025. "
        "Sign up for our new V3 API at https://pro.coincap.io/dashboard"
    }
}


class Gate:
    """Admission by key, and what each answer costs."""

    def __init__(self, market: Market, terms: Terms) -> None:
        self.terms = terms
        self.minute = PerMinute(market.now)
        self.credits = Credits(market.now, terms.coincap_credits)

    def admit(self, request: Request) -> str:
        """The caller's key; ``Refusal`` if it has none, is too fast, or has no credit left."""
        key = bearer(request, "bearer") or request.query_params.get("apiKey", "")
        if not accepted(key, self.terms.coincap_key):
            raise Refusal(401, {"error": "Unauthorized"})
        if self.minute.wait(key, PER_MINUTE):
            raise Refusal(429, {"error": "Too Many Requests"})
        if self.credits.left(key) <= 0:
            raise Refusal(429, {"error": "Credit limit exceeded"})
        return key

    def charge(self, key: str, answer: Response) -> None:
        """One credit, and one more for each 2500 bytes begun."""
        self.credits.spend(key, 1 - -len(bytes(answer.body)) // BYTES_PER_CREDIT)


def application(market: Market, terms: Terms) -> Starlette:
    """Version 3 as an ASGI application, to be mounted where ``/assets`` begins."""
    venue, gate = Venue(market, COINCAP), Gate(market, terms)
    listed = assets.listed(venue)
    stamped: dict[str, Callable[[Ask], object]] = {
        "/assets": partial(assets.several, venue, listed),
        "/assets/{slug}": partial(assets.single, venue, listed),
        "/price/bysymbol/{symbols}": partial(assets.by_symbol, venue, listed),
    }
    endpoints: dict[str, Callable[[Ask], dict[str, object]]] = {
        path: partial(_stamped_first, answer) for path, answer in stamped.items()
    }
    endpoints["/rates"] = partial(_stamped_last, "data", partial(assets.rates, venue))
    endpoints["/assets/{slug}/history"] = partial(
        _stamped_last, "data", partial(history.history, venue, listed)
    )
    candles = partial(history.candlesticks, venue, listed)
    endpoints["/ta/{slug}/candlesticks"] = partial(_stamped_last, "candles", candles)
    routes = [Route(path, _charged(market, gate, answer)) for path, answer in endpoints.items()]
    return Starlette(routes=routes, exception_handlers={Refusal: refused, 404: _not_found})


def retired(market: Market) -> Starlette:
    """Version 2: every path tells that it is gone, with 200 and an object where the list was."""

    async def notice(_: Request) -> Response:
        return Answer({**SWITCHED_OFF, "timestamp": int(market.now() * 1_000)})

    return Starlette(routes=[Route("/{path:path}", notice)])


def _charged(
    market: Market, gate: Gate, answer: Callable[[Ask], dict[str, object]]
) -> Callable[[Request], Response]:
    async def respond(request: Request) -> Response:
        key = gate.admit(request)
        answered = Answer(answer(Ask(market, market.now(), request.query_params, request.path_params)))
        gate.charge(key, answered)
        return answered

    return respond  # type: ignore[return-value]  # Starlette takes coroutines; its Route is typed loosely


def _stamped_first(answer: Callable[[Ask], object], ask: Ask) -> dict[str, object]:
    return {"timestamp": int(ask.now * 1_000), "data": answer(ask)}


def _stamped_last(name: str, answer: Callable[[Ask], object], ask: Ask) -> dict[str, object]:
    return {name: answer(ask), "timestamp": int(ask.now * 1_000)}


async def _not_found(_: Request, __: Exception) -> Response:
    return Answer({"error": "Not Found"}, 404)
