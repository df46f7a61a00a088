"""CoinGecko v3: routes and admission, for the public host (keyless, demo key) and the pro host.

Bodies and statuses are those of the public API as documented and captured in November 2026
(https://docs.coingecko.com); what is an assumption is listed in the simulator's README.
"""

import math
from itertools import count
from typing import Final

from starlette.requests import Request

from simulator.endpoints import api
from simulator.faults.error_formats import ErrorFormat
from simulator.market.market import Market
from simulator.quotas import MinuteWindow, Quotas, client_address
from simulator.sources import SimulatedSource
from simulator.sources.coingecko import charts, errors, markets, quotes
from simulator.websockets.sessions import Sessions

KEYLESS_PER_MINUTE: Final = 15  # CoinGecko publishes no number; 5 to 15 were reported
DEMO_PER_MINUTE: Final = 100
PRO_PER_MINUTE: Final = 500
TEXT_EVERY: Final = 3  # each third refusal is the CDN's plain text instead of the API's JSON
PUBLIC: Final = "coingecko"
PRO: Final = "coingecko-pro"
UNKNOWN_PATH: Final = {"error": "Incorrect path. Please check https://docs.coingecko.com/"}
ERROR_FORMAT: Final = ErrorFormat(errors.envelope, texts={429: "You've exceeded the Rate Limit."})


def build(market: Market, quotas: Quotas, _: Sessions) -> SimulatedSource:
    """The public host, and the pro host beside it; both from ``/ping`` on."""
    answers = {
        "/ping": lambda _: {"gecko_says": "(V3) To the Moon!"},
        "/simple/price": quotes.simple_price,
        "/simple/supported_vs_currencies": lambda _: list(quotes.VS_CURRENCIES),
        "/coins/markets": markets.markets,
        "/coins/list": quotes.listing,
        "/coins/{id}/market_chart": charts.market_chart,
        "/coins/{id}/market_chart/range": charts.market_chart_range,
        "/coins/{id}/ohlc": charts.ohlc,
    }
    public, pro = (
        api(market, Gate(market, quotas, host).admit, answers, UNKNOWN_PATH) for host in (PUBLIC, PRO)
    )
    return SimulatedSource(public, ERROR_FORMAT, other_apis={f"/{PRO}/api/v3": pro})


class Gate:
    """Admission to one host: User-Agent, the key that belongs to the host, the minute's limit."""

    def __init__(self, market: Market, quotas: Quotas, host: str) -> None:
        self.market = market
        self.quotas = quotas
        self.host = host
        self.minute = MinuteWindow(market.now)
        self.refusals = count(1)

    def admit(self, request: Request) -> bool:
        """Whether the caller pays; ``ApiError`` if it may not ask at all."""
        self._limit(request)
        if not request.headers.get("user-agent", "").strip():
            raise errors.user_agent_missing()
        demo, pro = (_key(request, plan) for plan in ("demo", "pro"))
        if self.host == PRO:
            if demo and not pro:
                raise errors.wrong_host("Demo")
            if not self.quotas.accepts(PRO, pro):
                raise errors.key_refused(self.market.now())
            return True
        if pro:
            raise errors.wrong_host("Pro")
        if demo and not self.quotas.accepts(PUBLIC, demo):
            raise errors.key_refused(self.market.now())
        return False

    def _limit(self, request: Request) -> None:
        key = _key(request, "pro") or _key(request, "demo")
        if self.host == PRO:
            limit: int | None = PRO_PER_MINUTE
        else:
            limit = DEMO_PER_MINUTE if key else self.quotas.per_minute(PUBLIC, KEYLESS_PER_MINUTE)
        if limit is None:
            return
        wait = self.minute.acquire(key or client_address(request), limit)
        if not wait:
            return
        if next(self.refusals) % TEXT_EVERY == 0:
            raise errors.throttled()
        raise errors.rate_limited(math.ceil(wait))


def _key(request: Request, plan: str) -> str:
    header = request.headers.get(f"x-cg-{plan}-api-key", "")
    return header or request.query_params.get(f"x_cg_{plan}_api_key", "")
