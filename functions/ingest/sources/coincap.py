"""CoinCap API v3: prices and exchange rates of many assets, and the price history of one.

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
    batches,
    blamed,
    checked_key,
    milliseconds,
)

NAME: Final = "coincap"
MAX_PER_PAGE: Final = 100  # what one page holds unless a limit is named
_DENIED: Final = (401, 403)
_NOT_FOUND: Final = 404
_NAMED: Final = {"1m": "m1", "5m": "m5", "15m": "m15", "30m": "m30", "1h": "h1", "6h": "h6", "1d": "d1"}
_MOST: Final = {"1m": 1440, "5m": 1440, "15m": 672, "30m": 672, "1h": 720, "6h": 732, "1d": 7305}


def _assets(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    _check_quote(f"feed {feed.name}", feed.quote)
    return [
        Request(
            name=f"page {number}",
            key=checked_key(feed.page_key, due, number),
            path="/assets",
            params={"ids": ",".join(batch)},
        )
        for number, batch in batches(asset_ids(feed, assets, NAME), MAX_PER_PAGE)
    ]


def _rates(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    return [Request("rates", feed.named_key(due, "rates"), "/rates", {})]


def _history(window: Window) -> Request:
    """``end`` is asked for to the last millisecond before it, so that windows never share a point."""
    _check_quote("a window of coincap", window.quote)
    return Request(
        name=window.asset_id,
        key=window.key(NAME, "price_points", f"{window.asset_id}-usd"),
        path=f"/assets/{quote(window.asset_id, safe='')}/history",
        params={
            "interval": _NAMED[window.interval],
            "start": str(milliseconds(window.start)),
            "end": str(milliseconds(window.end) - 1),
        },
    )


class CoinCap(Source):
    """``/assets``, ``/rates`` and ``/assets/{slug}/history``; prices are in USD."""

    name: ClassVar[str] = NAME
    ids: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"quotes": _assets, "rates": _rates}
    histories: ClassVar[Mapping[str, History]] = {"price_points": History(_history, _MOST)}

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        told = f"coincap: HTTP {answer.status}: {complaint(answer.body)}"
        if answer.status in _DENIED:
            return BadConfiguration(f"{told}; set coincap_api_key and raise coincap_api_key_version")
        if answer.status == _NOT_FOUND and request.key.dataset == "price_points":
            return Unlisted(f"{told}; there is no asset {request.name}")
        return blamed(answer.status)(told)


def _check_quote(asker: str, currency: str) -> None:
    if currency != "USD":
        raise BadConfiguration(f"{asker} wants prices in {currency}; CoinCap has them in USD only")


def complaint(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"error": "text"}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    found = document.get("error", document.get("message")) if isinstance(document, dict) else None
    return printable("no reason given" if found is None else found)
