"""CoinGecko v3: routes and admission, for the public host (keyless, demo key) and the pro host.

Bodies and statuses are those of the public API as documented and captured in November 2026
(https://docs.coingecko.com); what is an assumption is listed in this folder's README.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import coingecko_charts as charts
from simulator import coingecko_errors as errors
from simulator import coingecko_markets as markets
from simulator import coingecko_quotes as quotes
from simulator.answers import Answer, Ask, Refusal, endpoint, refused
from simulator.limits import PerMinute
from simulator.market import Market

DEMO_PER_MINUTE: Final = 100
PRO_PER_MINUTE: Final = 500
TEXT_EVERY: Final = 3  # each third refusal is the CDN's plain text instead of the API's JSON


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask how often. No key set: any key is taken for valid. No limit: None."""

    keyless_per_minute: int | None = 15  # CoinGecko publishes no number; 5 to 15 were reported
    demo_key: str | None = None
    pro_key: str | None = None


class Gate:
    """Admission to one host: User-Agent, the key that belongs to the host, the minute's limit."""

    def __init__(self, market: Market, access: Access, *, pro: bool) -> None:
        self.market = market
        self.access = access
        self.pro = pro
        self.minute = PerMinute(market.now)
        self.refusals = count(1)

    def admit(self, request: Request) -> bool:
        """Whether the caller pays; ``Refusal`` if it may not ask at all."""
        self._limit(request)
        if not request.headers.get("user-agent", "").strip():
            raise errors.user_agent_missing()
        demo, pro = (_key(request, plan) for plan in ("demo", "pro"))
        if self.pro:
            if demo and not pro:
                raise errors.wrong_host("Demo")
            self._check(pro, self.access.pro_key, required=True)
            return True
        if pro:
            raise errors.wrong_host("Pro")
        self._check(demo, self.access.demo_key, required=False)
        return False

    def _check(self, given: str, expected: str | None, *, required: bool) -> None:
        if (required and not given) or (given and expected is not None and given != expected):
            raise errors.key_refused(self.market.now())

    def _limit(self, request: Request) -> None:
        key = _key(request, "pro") or _key(request, "demo")
        limit = PRO_PER_MINUTE if self.pro else DEMO_PER_MINUTE if key else self.access.keyless_per_minute
        if limit is None:
            return
        host = request.client.host if request.client else "unknown"
        wait = self.minute.wait(key or host, limit)
        if not wait:
            return
        if next(self.refusals) % TEXT_EVERY == 0:
            raise errors.throttled()
        raise errors.rate_limited(math.ceil(wait))


def application(market: Market, access: Access, *, pro: bool = False) -> Starlette:
    """The API as an ASGI application, to be mounted where ``/api/v3`` begins."""
    gate = Gate(market, access, pro=pro)
    answers: dict[str, Callable[[Ask], object]] = {
        "/ping": lambda _: {"gecko_says": "(V3) To the Moon!"},
        "/simple/price": quotes.simple_price,
        "/simple/supported_vs_currencies": lambda _: list(quotes.VS_CURRENCIES),
        "/coins/markets": markets.markets,
        "/coins/list": quotes.listing,
        "/coins/{id}/market_chart": charts.market_chart,
        "/coins/{id}/market_chart/range": charts.market_chart_range,
        "/coins/{id}/ohlc": charts.ohlc,
    }
    routes = [Route(path, endpoint(market, gate.admit, answer)) for path, answer in answers.items()]
    return Starlette(routes=routes, exception_handlers={Refusal: refused, 404: _unknown_path})


async def _unknown_path(_: Request, __: Exception) -> Response:
    return Answer({"error": "Incorrect path. Please check https://docs.coingecko.com/"}, 404)


def _key(request: Request, plan: str) -> str:
    header = request.headers.get(f"x-cg-{plan}-api-key", "")
    return header or request.query_params.get(f"x_cg_{plan}_api_key", "")
