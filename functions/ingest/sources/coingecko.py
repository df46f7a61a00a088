"""CoinGecko API v3: snapshots of many coins, and the past of one.

quotes        /coins/markets: the ``top`` assets, page by page until an empty one; or ``assets`` by id
prices        /simple/price: ``assets`` by id
price_points  /coins/{id}/market_chart/range: for each coin the last ``lookback`` points of 1h or 1d
ohlc          /coins/{id}/ohlc: for each coin the last ``lookback`` days
assets        /coins/list

Source: docs.coingecko.com, the reference of each endpoint, and "Common Errors & Rate Limit". The
keyless, demo and pro plans differ by host and key header, which are configuration. The point of the
last UTC day is there 35 minutes after the day's end, so a window settles that late.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.feeds import Feed
from coinlake.http import HttpResponse
from coinlake.records import printable
from coinlake.retries import TOO_MANY_REQUESTS
from coinlake.windows import Window
from ingest.client import Limits
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
)

NAME: Final = "coingecko"
MAX_TEXT_BYTES: Final = 250
# "hourly" reaches over any 100 days; five minutes are for enterprises, or for the day that ends now.
_INTERVALS: Final = {"1h": "hourly", "1d": "daily"}
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_PAST_PLAN_HISTORY: Final = 10012

REMEDIES: Final[Mapping[int, str]] = {
    10002: "no API key arrived, so set coingecko_plan and coingecko_api_key",
    10005: "the plan does not include this request, so choose a higher coingecko_plan",
    10010: 'a pro key was sent to the public host, so set coingecko_plan = "pro"',
    10011: 'a demo key was sent to the pro host, so set coingecko_plan = "demo"',
}
_BAD_KEY: Final = "the API key was refused, so set coingecko_api_key and raise coingecko_api_key_version"
_HINTS: Final[Mapping[int, str]] = {
    TOO_MANY_REQUESTS: 'without a key the limit is shared with strangers: coingecko_plan = "demo" is free',
    _FORBIDDEN: 'it may block this address: coingecko_plan = "demo" with a key is free',
}


def _markets(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The pages of the ``top`` coins by market cap, or of the feed's assets by id.

    Each batch of ids is a request of its own, whose only page is the first.
    """
    max_per_page = CoinGecko.facts().datasets["quotes"].batch
    if feed.top is None:
        ids = batches(feed, list(listed_assets(feed, assets).values()))
        first_page = {"per_page": str(max_per_page), "page": "1"}
        return [
            replace(_page(feed, due, number, {"ids": ",".join(batch), **first_page}), names=tuple(batch))
            for number, batch in ids
        ]
    pages, per_page = -(-feed.top // max_per_page), str(min(feed.top, max_per_page))
    # Later pages may be empty: the market may hold fewer coins than the feed wants.
    return [
        _page(feed, due, number, {"per_page": per_page, "page": str(number)}, may_end=number > 1)
        for number in range(1, pages + 1)
    ]


def _page(
    feed: Feed, due: datetime, number: int, which: Mapping[str, str], *, may_end: bool = False
) -> Request:
    return Request(
        name=f"page {number}",
        key=checked_key(feed.page_key, due, number),
        path="/coins/markets",
        params={"vs_currency": feed.quote.lower(), "order": "market_cap_desc", **which},
        may_end=may_end,
    )


def _prices(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """``/simple/price`` of the feed's assets, 250 a request, with all that it can include."""
    extras = ("market_cap", "24hr_vol", "24hr_change", "last_updated_at")
    return [
        Request(
            name=f"page {number}",
            key=checked_key(feed.page_key, due, number),
            path="/simple/price",
            params={
                "ids": ",".join(batch),
                "vs_currencies": feed.quote.lower(),
                **{f"include_{extra}": "true" for extra in extras},
                "precision": "full",
            },
            names=tuple(batch),
        )
        for number, batch in batches(feed, list(listed_assets(feed, assets).values()))
    ]


def _ohlc(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The last ``lookback`` days of each coin; the days decide how long a bar is."""
    days = CoinGecko.facts().datasets["ohlc"].days
    if feed.lookback not in days:
        raise BadConfiguration(
            f"feed {feed.name} looks back {feed.lookback} days; set lookback to one of "
            + ", ".join(map(str, days))
        )
    vs = feed.quote.lower()
    return [
        Request(
            name=coin,
            key=checked_key(feed.named_key, due, f"{coin}-{vs}", f"{feed.lookback}d"),
            path=f"/coins/{quote(coin, safe='')}/ohlc",
            params={"vs_currency": vs, "days": str(feed.lookback), "precision": "full"},
        )
        for coin in listed_assets(feed, assets).values()
    ]


def _coins(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    """Every coin there is, in one answer."""
    return [Request("coins", feed.named_key(due, "coins"), "/coins/list", {"include_platform": "true"})]


def _chart(window: Window, asset_id: str) -> Request:
    """``/coins/{id}/market_chart/range``, whose ends are inclusive.

    Without a named interval the length of the range would choose one.
    """
    vs = window.quote.lower()
    return Request(
        name=asset_id,
        key=checked_key(window.key, f"{asset_id}-{vs}"),
        path=f"/coins/{quote(asset_id, safe='')}/market_chart/range",
        params={
            "vs_currency": vs,
            "from": str(int(window.start.timestamp())),
            "to": str(int(window.end.timestamp()) - 1),
            "interval": _INTERVALS[window.interval],
            "precision": "full",
        },
    )


class CoinGecko(Source):
    name: ClassVar[str] = NAME
    # Failed requests count toward the limit too, and a 429 rarely says how long it lasts.
    limits: ClassVar[Limits] = Limits(throttled_seconds=60.0)
    snapshots: ClassVar[Mapping[str, Snapshot]] = {
        "quotes": _markets,
        "prices": _prices,
        "ohlc": _ohlc,
        "assets": _coins,
    }
    windows: ClassVar[Mapping[str, WindowRequest]] = {"price_points": _chart}

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        code, text = error_message(response.body)
        message = f"coingecko: HTTP {response.status}{f', code {code}' if code else ''}: {text}"
        if response.status == _NOT_FOUND and text == "coin not found":
            return Unlisted(f"{message}; there is no coin {request.name}")
        if remedy := REMEDIES.get(code or 0):
            return BadConfiguration(f"{message}; {remedy}")
        if response.status == _UNAUTHORIZED and code != _PAST_PLAN_HISTORY:
            return BadConfiguration(f"{message}; {_BAD_KEY}")
        hint = _HINTS.get(response.status)
        return error_class(response.status)(f"{message}; {hint}" if hint else message)


def error_message(body: bytes) -> tuple[int | None, str]:
    """The error code and the text, cut to 80 characters, of any error body.

    CoinGecko has four: ``{"status": {"error_code", "error_message"}}``, the same inside
    ``{"error": …}`` or with the code at the top, ``{"error": "text"}``, and plain text; its CDN
    answers with a web page, whose text says nothing.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        text = body[:MAX_TEXT_BYTES].decode("utf-8", "replace").strip()
        return None, "a web page" if text.startswith("<") else printable(text)
    fields = _fields(document)
    code, message = fields.get("error_code"), fields.get("error_message", "no reason given")
    return (code if type(code) is int else None), printable(message)


def _fields(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        return {}
    error = document.get("error")
    if isinstance(error, str):
        return {"error_message": error}
    outer = error if isinstance(error, dict) else document
    status = outer.get("status")
    return {**outer, **status} if isinstance(status, dict) else outer


SOURCE: Final = CoinGecko
