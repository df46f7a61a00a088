"""Coinbase Exchange: candles, tickers and statistics of one market each, and the list of markets.

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
from coinlake.records import printable
from ingest.answers import Answer
from ingest.errors import Unlisted
from ingest.sources import (
    Assets,
    History,
    Request,
    Snapshot,
    Source,
    Window,
    asset_ids,
    blamed,
    checked_key,
)

NAME: Final = "coinbase"
MAX_CANDLES: Final = 300
INTERVALS: Final = ("1m", "5m", "15m", "1h", "6h", "1d")
_NOT_FOUND: Final = 404


def _candles(window: Window) -> Request:
    market = f"{window.asset_id}-{window.quote}"
    return Request(
        name=market,
        key=window.key(NAME, "candles", market),
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
        markets = [f"{base}-{feed.quote}" for base in asset_ids(feed, assets, NAME)]
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
    """``/products`` and what is below it. Only closed buckets are asked for."""

    name: ClassVar[str] = NAME
    ids: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {
        "quotes": _of_each_market("ticker"),
        "stats": _of_each_market("stats"),
        "assets": _products,
    }
    histories: ClassVar[Mapping[str, History]] = {
        "candles": History(_candles, dict.fromkeys(INTERVALS, MAX_CANDLES))
    }

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        text = complaint(answer.body)
        told = f"coinbase: HTTP {answer.status}: {text}"
        if answer.status == _NOT_FOUND and text == "NotFound" and request.key.dataset != "assets":
            return Unlisted(f"{told}; there is no market {request.name}")
        return blamed(answer.status)(told)


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def complaint(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"message": "text"}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    return printable(document.get("message") if isinstance(document, dict) else "no message")
