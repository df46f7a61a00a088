"""Coinbase Exchange: candles of one market per request.

Source: docs.cdp.coinbase.com, Exchange REST API, "Get product candles": at most 300 candles, both
ends are inclusive when aligned and both must be sent, or Coinbase ignores them.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from coinlake import intervals
from coinlake.config import Feed
from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.records import printable
from ingest.http import OK, Answer, Http, Limits
from ingest.sources import Assets, Request, asset_ids, blamed, check_dataset, slot_key

MAX_CANDLES: Final = 300
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Coinbase:
    """``/products/{id}/candles``: open, high, low, close and volume of closed buckets."""

    name: ClassVar[str] = "coinbase"
    limits: ClassVar[Limits] = Limits()
    http: Http

    @staticmethod
    def plan(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
        """One window per market: the ``lookback`` buckets that closed by ``due``."""
        check_dataset(feed, Coinbase.name, "candles")
        if not 1 <= feed.lookback <= MAX_CANDLES:
            raise BadConfiguration(
                f"feed {feed.name} looks back {feed.lookback} candles; set lookback to 1 to {MAX_CANDLES}"
            )
        return [_window(feed, due, f"{base}-{feed.quote}") for base in asset_ids(feed, assets)]

    def fetch(self, request: Request, until: float) -> Answer:
        answer = self.http.get(request.path, request.params, until)
        if answer.status != OK:
            raise explained(answer, request.name)
        return answer


def _window(feed: Feed, due: datetime, market: str) -> Request:
    step = intervals.duration(feed.interval)
    return Request(
        name=market,
        key=slot_key(feed.window_key, due, market),
        path=f"/products/{quote(market, safe='')}/candles",
        params={
            "granularity": str(int(step.total_seconds())),
            "start": _iso(due - feed.lookback * step),
            "end": _iso(due - step),
        },
    )


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def explained(answer: Answer, market: str) -> CoinlakeError:
    """The error for an answer that is not 200: retry later, give up, or fix the configuration."""
    told = f"coinbase: HTTP {answer.status}: {complaint(answer.body)}"
    if answer.status == _NOT_FOUND:
        return BadConfiguration(f"{told}; there is no market {market}, so take its asset out of the feed")
    return blamed(answer.status)(told)


def complaint(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"message": "text"}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    return printable(document.get("message") if isinstance(document, dict) else "no message")
