"""Coinbase Exchange: candles, tickers and statistics of one market each, and the list of markets.

candles  /products/{id}/candles: for each market the last ``lookback`` closed buckets
quotes   /products/{id}/ticker of each market
stats    /products/{id}/stats of each market
assets   /products

Source: docs.cdp.coinbase.com, Exchange REST API, "Get product candles": at most 300 candles, both
ends are inclusive when aligned and both must be sent, or Coinbase ignores them.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from coinlake.errors import CoinlakeError
from coinlake.feeds import Feed
from coinlake.http import HttpResponse
from coinlake.records import printable
from coinlake.windows import Window
from ingest.errors import Unlisted
from ingest.sources import (
    Assets,
    Request,
    Snapshot,
    Source,
    WindowRequest,
    checked_key,
    error_class,
    listed_assets,
)

NAME: Final = "coinbase"
_NOT_FOUND: Final = 404


def _candles(window: Window, asset_id: str) -> Request:
    market = f"{asset_id}-{window.quote}"
    return Request(
        name=market,
        key=checked_key(window.key, market),
        path=f"/products/{quote(market, safe='')}/candles",
        params={
            "granularity": str(int(window.step.total_seconds())),
            "start": _iso(window.start),
            "end": _iso(window.end - window.step),
        },
    )


def _of_each_market(what: str) -> Snapshot:
    """``/products/{id}/<what>`` for every market of the feed."""

    def plan(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
        markets = [f"{base}-{feed.quote}" for base in listed_assets(feed, assets).values()]
        return [
            Request(
                name=market,
                key=checked_key(feed.named_key, due, market),
                path=f"/products/{quote(market, safe='')}/{what}",
                params={},
            )
            for market in markets
        ]

    return plan


def _products(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    return [Request("products", feed.named_key(due, "products"), "/products", {})]


class Coinbase(Source):
    name: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {
        "quotes": _of_each_market("ticker"),
        "stats": _of_each_market("stats"),
        "assets": _products,
    }
    windows: ClassVar[Mapping[str, WindowRequest]] = {"candles": _candles}

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        text = error_message(response.body)
        message = f"coinbase: HTTP {response.status}: {text}"
        if response.status == _NOT_FOUND and text == "NotFound" and request.key.dataset != "assets":
            return Unlisted(f"{message}; there is no market {request.name}")
        return error_class(response.status)(message)


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def error_message(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"message": "text"}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    return printable(document.get("message") if isinstance(document, dict) else "no message")


SOURCE: Final = Coinbase
