"""CoinCap API v3: prices and exchange rates of many assets, and the price history of one; all in USD.

quotes        /assets: ``assets`` by slug, many a request
rates         /rates
price_points  /assets/{slug}/history: for each asset the last ``lookback`` points

Source: rest.coincap.io/api-docs.json. Every request needs a key and costs a credit and one more
for each 2,500 bytes. The spans of a history request are those of lightninglabs/faraday.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from coinlake.errors import BadConfiguration, CoinlakeError
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
    batches,
    checked_key,
    error_class,
    listed_assets,
    milliseconds,
)

NAME: Final = "coincap"
_DENIED: Final = (401, 403)
_NOT_FOUND: Final = 404
_INTERVALS: Final = {"1m": "m1", "5m": "m5", "15m": "m15", "30m": "m30", "1h": "h1", "6h": "h6", "1d": "d1"}


def _assets(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    _check_quote(f"feed {feed.name}", feed.quote)
    return [
        Request(
            name=f"page {number}",
            key=checked_key(feed.page_key, due, number),
            path="/assets",
            params={"ids": ",".join(batch)},
            names=tuple(batch),
        )
        for number, batch in batches(feed, list(listed_assets(feed, assets).values()))
    ]


def _rates(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    return [Request("rates", feed.named_key(due, "rates"), "/rates", {})]


def _history(window: Window, asset_id: str) -> Request:
    """``end`` is asked for to the last millisecond before it, so that windows never share a point."""
    _check_quote("a window of coincap", window.quote)
    return Request(
        name=asset_id,
        key=checked_key(window.key, f"{asset_id}-usd"),
        path=f"/assets/{quote(asset_id, safe='')}/history",
        params={
            "interval": _INTERVALS[window.interval],
            "start": str(milliseconds(window.start)),
            "end": str(milliseconds(window.end) - 1),
        },
    )


class CoinCap(Source):
    name: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"quotes": _assets, "rates": _rates}
    windows: ClassVar[Mapping[str, WindowRequest]] = {"price_points": _history}

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        message = f"coincap: HTTP {response.status}: {error_message(response.body)}"
        if response.status in _DENIED:
            return BadConfiguration(f"{message}; set coincap_api_key and raise coincap_api_key_version")
        if response.status == _NOT_FOUND and request.key.dataset == "price_points":
            return Unlisted(f"{message}; there is no asset {request.name}")
        return error_class(response.status)(message)


def _check_quote(requester: str, currency: str) -> None:
    if currency != "USD":
        raise BadConfiguration(f"{requester} asks for prices in {currency}; CoinCap has them in USD only")


def error_message(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"error": "text"}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    text = document.get("error", document.get("message")) if isinstance(document, dict) else None
    return printable("no reason given" if text is None else text)


SOURCE: Final = CoinCap
