"""CoinGecko API v3: market snapshots of many assets in one request.

Sources: docs.coingecko.com, "Coins List with Market Data" and "Common Errors & Rate Limit".
The keyless, demo and pro plans differ by host and key header, which are configuration.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from coinlake.config import Feed
from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.records import printable
from ingest.http import OK, Answer, Http, Limits
from ingest.retries import THROTTLED
from ingest.sources import Assets, Request, asset_ids, blamed, check_dataset, slot_key

MAX_PER_PAGE: Final = 250
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_PAST_PLAN_HISTORY: Final = 10012

REMEDIES: Final[Mapping[int, str]] = {
    10002: "no API key arrived, so set coingecko_plan and coingecko_api_key",
    10005: "the plan does not include this request, so choose a higher coingecko_plan",
    10010: 'a pro key was sent to the public host, so set coingecko_plan = "pro"',
    10011: 'a demo key was sent to the pro host, so set coingecko_plan = "demo"',
}
_BAD_KEY: Final = "the API key was refused, so set coingecko_api_key and raise coingecko_api_key_version"
_HINTS: Final[Mapping[int, str]] = {
    THROTTLED: 'without a key the limit is shared with strangers: coingecko_plan = "demo" is free',
    _FORBIDDEN: 'it may block this address: coingecko_plan = "demo" with a key is free',
}


@dataclass(frozen=True, slots=True)
class CoinGecko:
    """``/coins/markets``: prices, volumes, caps and supplies, 250 assets a page."""

    name: ClassVar[str] = "coingecko"
    # Failed requests count toward the limit too, and a 429 rarely says how long it lasts.
    limits: ClassVar[Limits] = Limits(throttled_seconds=60.0)
    http: Http

    @staticmethod
    def plan(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
        """The pages of the ``top`` assets by market cap, or of the feed's assets by id."""
        check_dataset(feed, CoinGecko.name, "quotes")
        if feed.top is None:
            ids = asset_ids(feed, assets)
            batches = [ids[first : first + MAX_PER_PAGE] for first in range(0, len(ids), MAX_PER_PAGE)]
            return [_page_of_ids(feed, due, number, batch) for number, batch in enumerate(batches, 1)]
        pages = -(-feed.top // MAX_PER_PAGE)
        return [
            _page_of_top(feed, due, number, min(feed.top, MAX_PER_PAGE)) for number in range(1, pages + 1)
        ]

    def fetch(self, request: Request, until: float) -> Answer:
        answer = self.http.get(request.path, request.params, until)
        if answer.status != OK:
            raise explained(answer)
        return answer


def _page_of_top(feed: Feed, due: datetime, number: int, per_page: int) -> Request:
    """Later pages may be empty: the market may hold fewer assets than the feed wants."""
    return _page(feed, due, number, {"per_page": str(per_page), "page": str(number)}, may_end=number > 1)


def _page_of_ids(feed: Feed, due: datetime, number: int, ids: list[str]) -> Request:
    """Each batch of ids is a question of its own, whose only page is the first."""
    return _page(feed, due, number, {"ids": ",".join(ids), "per_page": str(MAX_PER_PAGE), "page": "1"})


def _page(
    feed: Feed, due: datetime, number: int, which: Mapping[str, str], *, may_end: bool = False
) -> Request:
    return Request(
        name=f"page {number}",
        key=slot_key(feed.page_key, due, number),
        path="/coins/markets",
        params={"vs_currency": feed.quote.lower(), "order": "market_cap_desc", **which},
        may_end=may_end,
    )


def explained(answer: Answer) -> CoinlakeError:
    """The error for an answer that is not 200: retry later, give up, or fix the configuration."""
    code, text = complaint(answer.body)
    told = f"coingecko: HTTP {answer.status}{f', code {code}' if code else ''}: {text}"
    if remedy := REMEDIES.get(code or 0):
        return BadConfiguration(f"{told}; {remedy}")
    if answer.status == _UNAUTHORIZED and code != _PAST_PLAN_HISTORY:
        return BadConfiguration(f"{told}; {_BAD_KEY}")
    hint = _HINTS.get(answer.status)
    return blamed(answer.status)(f"{told}; {hint}" if hint else told)


def complaint(body: bytes) -> tuple[int | None, str]:
    """The error code and the text, cut to 80 characters, of any error body.

    CoinGecko has four: ``{"status": {"error_code", "error_message"}}``, the same inside
    ``{"error": …}`` or with the code at the top, ``{"error": "text"}``, and plain text; its CDN
    answers with a web page, whose text says nothing.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        text = body[:MAX_PER_PAGE].decode("utf-8", "replace").strip()
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
