"""Kraken spot: the public REST API, its counter of calls, and websocket v2.

Facts and where they are from (2026-11):

- Base URL ``https://api.kraken.com/0``; parameters and bodies: docs.kraken.com/api-reference/market-data
  (OpenAPI file spot-rest.yaml), support.kraken.com article 218198197 for ``since`` of Trades.
- Every answer of a known method is HTTP 200; a non-empty ``error`` means that it failed, and there is no
  ``result`` then (docs.kraken.com/exchange/guides/general/errors). An unknown method is HTTP 404 with
  ``EGeneral:Unknown method`` (public captures).
- Without a key an address may ask about once a second (support.kraken.com article 206548367). Measured
  by others in October 2026: a burst of 30, then HTTP 200 with ``EGeneral:Too many requests``, without a
  hint when to come back; one request a second for 20 s is fine. ``EAPI:Rate limit exceeded`` belongs to
  the counter of calls with a key (docs.kraken.com/exchange/guides/rest/ratelimits).

What is an assumption is listed in the simulator's README.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.requests import Request

from simulator.endpoints import ApiRequest, api
from simulator.faults.error_formats import ErrorFormat
from simulator.market import venues
from simulator.market.market import Market
from simulator.quotas import Quotas, TokenBucket, client_address
from simulator.sources import SimulatedSource
from simulator.sources.kraken import market_data
from simulator.sources.kraken.pairs import TradedPairs, error
from simulator.sources.kraken.websocket import KrakenWebsocket
from simulator.websockets.sessions import Sessions

PER_MINUTE: Final = 60
BURST: Final = 30
UNKNOWN_METHOD: Final = {"error": ["EGeneral:Unknown method"]}
ERROR_FORMAT: Final = ErrorFormat(
    lambda _, text: {"error": [text]},
    texts={
        404: "EQuery:Unknown asset pair",
        418: "EAPI:Rate limit exceeded",
        429: "EGeneral:Too many requests",
        451: "EGeneral:Permission denied",
        500: "EService:Unavailable",
    },
    statuses=dict.fromkeys((404, 418, 429, 500), 200),
)


def build(market: Market, quotas: Quotas, sessions: Sessions) -> SimulatedSource:
    """REST from ``/public`` on, and ``/v2`` of the websocket."""
    limit = quotas.per_minute("kraken", PER_MINUTE)
    bucket = TokenBucket(market.now, limit / 60, BURST) if limit else None
    pairs = TradedPairs(market, sessions.settings)

    def admit(request: Request) -> bool:
        if bucket and not bucket.acquire(client_address(request)):
            raise error("EGeneral:Too many requests")
        return False

    answers: dict[str, Callable[[ApiRequest], object]] = {
        "Time": market_data.server_time,
        "SystemStatus": market_data.system_status,
        "Assets": partial(market_data.assets, pairs),
        "AssetPairs": partial(market_data.asset_pairs, pairs),
        "Ticker": partial(market_data.tickers, pairs),
        "OHLC": partial(market_data.candles, pairs),
        "Trades": partial(market_data.trades, pairs),
    }
    endpoints = {f"/public/{method}": market_data.enveloped(answer) for method, answer in answers.items()}
    return SimulatedSource(
        api=api(market, admit, endpoints, UNKNOWN_METHOD),
        error_format=ERROR_FORMAT,
        websocket=KrakenWebsocket(pairs, sessions),
        absences=venues.absences(pairs.venue, {pair.key: pair.coin for pair in pairs.listed.values()}),
    )
