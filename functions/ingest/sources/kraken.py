"""Kraken spot REST: candles of one market, tickers of many, and the list of markets.

candles  /public/OHLC: for each market the last ``lookback`` closed buckets
quotes   /public/Ticker: ``assets``, many a request
assets   /public/AssetPairs

Source: docs.kraken.com, "Get OHLC Data": the newest 720 entries whatever ``since`` says, the last of
them open. Older candles could only be made from every single trade (``Trades``, 1,000 a request), so
they are unlisted here. ``since`` is exclusive. ``pair`` takes the altname, XBTUSD; one unknown pair
fails a whole list of tickers.

Errors ("Errors", and public captures): HTTP 200 with ``{"error": ["EGeneral:Too many requests"]}``.
Support article 206548367: who asks too often is refused for some seconds, longer if it goes on asking;
no answer says for how long.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Final

from coinlake import retries
from coinlake.errors import CoinlakeError, SourceRefused, SourceUnavailable
from coinlake.feeds import Feed
from coinlake.http import OK, HttpResponse
from coinlake.records import printable
from coinlake.windows import Window
from ingest.errors import Unlisted
from ingest.sources import (
    Assets,
    RawDocument,
    Request,
    Snapshot,
    Source,
    WindowRequest,
    batches,
    checked_key,
    error_class,
    listed_assets,
)

NAME: Final = "kraken"
HELD_SECONDS: Final = 15.0
_UNKNOWN_PAIR: Final = "EQuery:Unknown asset pair"
_TOO_OFTEN: Final = (
    *("EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EGeneral:Temporary lockout"),
    "EService:Throttled",
)
_BUSY: Final = ("EService:", "EGeneral:Internal error")
_NO_ERROR: Final = b'{"error":[]'


def _ohlc(window: Window, asset_id: str) -> Request:
    """``since`` lies a second before the first bucket; there is no end, so later buckets come along."""
    market = f"{asset_id}-{window.quote}"
    return Request(
        name=market,
        key=checked_key(window.key, market),
        path="/public/OHLC",
        params={
            "pair": asset_id + window.quote,
            "interval": str(int(window.step.total_seconds()) // 60),
            "since": str(int(window.start.timestamp()) - 1),
        },
    )


def _tickers(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The last trade and the 24 hours of the feed's markets."""
    pairs = [base + feed.quote for base in listed_assets(feed, assets).values()]
    return [
        _naming(
            Request(
                name=f"page {number}",
                key=checked_key(feed.page_key, due, number),
                path="/public/Ticker",
                params={},
            ),
            batch,
        )
        for number, batch in batches(feed, pairs)
    ]


def _naming(page: Request, pairs: Sequence[str]) -> Request:
    return replace(page, params={"pair": ",".join(pairs)})


def _pairs(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    return [Request("asset pairs", feed.named_key(due, "asset_pairs"), "/public/AssetPairs", {})]


class Kraken(Source):
    name: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"quotes": _tickers, "assets": _pairs}
    windows: ClassVar[Mapping[str, WindowRequest]] = {"candles": _ohlc}

    def fetch(self, request: Request, until: float) -> RawDocument:
        """As ``Source.fetch``; a page of tickers with an unlisted pair is asked for without it."""
        try:
            return super().fetch(request, until)
        except Unlisted:
            if request.key.dataset != "quotes":
                raise
        pairs = request.params["pair"].split(",")
        listed = altnames(
            super().fetch(replace(request, path="/public/AssetPairs", params={}), until).response.body
        )
        kept = [pair for pair in pairs if pair in listed]
        if not kept:
            raise Unlisted(f"kraken lists none of {', '.join(pairs)}")
        document = super().fetch(_naming(request, kept), until)
        return document._replace(unlisted=tuple(pair for pair in pairs if pair not in listed))

    @staticmethod
    def is_success(response: HttpResponse) -> bool:
        return response.status == OK and not errors(response.body)

    @staticmethod
    def is_retryable(response: HttpResponse) -> bool:
        return retries.is_retryable(response.status) or _is_any_of(
            errors(response.body), (*_TOO_OFTEN, *_BUSY)
        )

    def apply_rate_limit(self, response: HttpResponse) -> None:
        """Nobody asks for a while, for asking on would make it longer."""
        if _is_any_of(errors(response.body), _TOO_OFTEN):
            self.client.limiter.hold(HELD_SECONDS)

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        codes = errors(response.body)
        message = f"kraken: HTTP {response.status}: {printable(', '.join(codes) or 'no reason given')}"
        if _is_any_of(codes, (_UNKNOWN_PAIR,)) and request.key.dataset != "assets":
            return Unlisted(f"{message}; there is no market {request.name}")
        if _is_any_of(codes, (*_TOO_OFTEN, *_BUSY)):
            return SourceUnavailable(message)
        return SourceRefused(message) if response.status == OK else error_class(response.status)(message)


def errors(body: bytes) -> list[str]:
    """The codes in ``{"error": ["EQuery:Unknown asset pair"]}``; none where the body holds no such list."""
    if body.startswith(_NO_ERROR):
        return []
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    codes = document.get("error") if isinstance(document, dict) else None
    return [str(code) for code in codes] if isinstance(codes, list) else []


def altnames(pairs: bytes) -> set[str]:
    """The altnames, XBTUSD, in the answer of ``AssetPairs``: ``{"result": {"XXBTZUSD": {"altname", …}}}``."""
    try:
        return {pair["altname"] for pair in json.loads(pairs)["result"].values()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SourceUnavailable("kraken: the list of pairs is not what it was") from None


def _is_any_of(codes: Sequence[str], known: tuple[str, ...]) -> bool:
    """Whether one of the codes, which may go on with details, is known."""
    return any(code.startswith(known) for code in codes)


SOURCE: Final = Kraken
