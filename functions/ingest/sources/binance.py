"""Binance spot REST: candles of one market, 24-hour statistics of many, and the list of markets.

candles  /api/v3/klines: for each market the last ``lookback`` closed buckets
quotes   /api/v3/ticker/24hr: ``assets``, many a request
assets   /api/v3/exchangeInfo

``requests_per_minute`` counts weight here, and a request's weight is its ``cost``. Source:
binance-spot-api-docs, rest-api.md (2026-07): klines weigh 2; ticker/24hr 2 for up to 20 symbols, 40
for up to 100; exchangeInfo 20. Errors (errors.md): 429 is too much weight, 418 a ban for having gone
on after it, 403 the firewall, 451 a country that Binance does not serve; -1121 is a symbol that is
not listed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from coinlake.errors import CoinlakeError, SourceUnavailable
from coinlake.feeds import Feed
from coinlake.http import HttpResponse
from coinlake.intervals import EPOCH
from coinlake.records import printable
from coinlake.windows import Window
from ingest.client import Limits
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
    milliseconds,
)

NAME: Final = "binance"
FEW_SYMBOLS: Final = 20
FEW_SYMBOLS_WEIGHT: Final = 2
PRICES_WEIGHT: Final = 4
_BANNED: Final = 418
_FIREWALL: Final = 403
_RESTRICTED: Final = 451
_INVALID_SYMBOL: Final = -1121
_BANNED_UNTIL: Final = re.compile(r"banned until ([0-9]{13})\b")
_MIN_BAN: Final = timedelta(minutes=2)


def _weight(dataset: str) -> int:
    return Binance.facts().datasets[dataset].weight


def _klines(window: Window, asset_id: str) -> Request:
    """``endTime`` is inclusive, so it is the last millisecond of the last bucket."""
    market = f"{asset_id}-{window.quote}"
    return Request(
        name=market,
        key=checked_key(window.key, market),
        path="/api/v3/klines",
        params={
            "symbol": asset_id + window.quote,
            "interval": window.interval,
            "startTime": str(milliseconds(window.start)),
            "endTime": str(milliseconds(window.end) - 1),
            "limit": str(window.count),
        },
        cost=_weight("candles"),
    )


def _day_tickers(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The 24-hour statistics of the feed's markets, a hundred a page."""
    symbols = [base + feed.quote for base in listed_assets(feed, assets).values()]
    return [
        _naming(
            Request(
                name=f"page {number}",
                key=checked_key(feed.page_key, due, number),
                path="/api/v3/ticker/24hr",
                params={"type": "FULL"},
            ),
            batch,
        )
        for number, batch in batches(feed, symbols)
    ]


def _naming(page: Request, symbols: Sequence[str]) -> Request:
    """The page with these symbols. Spaces in the list would be refused (-1100)."""
    names = json.dumps(list(symbols), separators=(",", ":"), ensure_ascii=False)
    cost = FEW_SYMBOLS_WEIGHT if len(symbols) <= FEW_SYMBOLS else _weight("quotes")
    return replace(page, params={**page.params, "symbols": names}, cost=cost, names=tuple(symbols))


def _exchange_info(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    """All spot markets, without their permission sets, which are most of the answer."""
    params = {"permissions": "SPOT", "showPermissionSets": "false"}
    key = feed.named_key(due, "exchange_info")
    return [Request("exchange info", key, "/api/v3/exchangeInfo", params, cost=_weight("assets"))]


class Binance(Source):
    name: ClassVar[str] = NAME
    limits: ClassVar[Limits] = Limits(used_header="X-MBX-USED-WEIGHT-1M")
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"quotes": _day_tickers, "assets": _exchange_info}
    windows: ClassVar[Mapping[str, WindowRequest]] = {"candles": _klines}

    def fetch(self, request: Request, until: float) -> RawDocument:
        """As ``Source.fetch``; a page of tickers with an unlisted symbol is asked for without it."""
        try:
            return super().fetch(request, until)
        except Unlisted:
            if "symbols" not in request.params:
                raise
        return self._fetch_listed(request, until)

    def _fetch_listed(self, request: Request, until: float) -> RawDocument:
        """One symbol that is not listed fails a whole page: ask for the page without any such."""
        prices = replace(request, path="/api/v3/ticker/price", params={}, cost=PRICES_WEIGHT, names=())
        listed = listed_symbols(super().fetch(prices, until).response.body)
        symbols = json.loads(request.params["symbols"])
        kept = [symbol for symbol in symbols if symbol in listed]
        if not kept:
            raise Unlisted(f"binance lists none of {', '.join(symbols)}")
        document = super().fetch(_naming(request, kept), until)
        unlisted = (symbol for symbol in symbols if symbol not in listed)
        return document._replace(unlisted=(*unlisted, *document.unlisted))

    def apply_rate_limit(self, response: HttpResponse) -> None:
        """A ban binds every invocation, and asking on makes it longer."""
        if response.status == _BANNED:
            left = ban_ends(response) - response.fetched_at
            self.client.limiter.hold(left.total_seconds())

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        code, text = error_message(response.body)
        message = f"binance: HTTP {response.status}{f', code {code}' if code else ''}: {text}"
        if code == _INVALID_SYMBOL:
            return Unlisted(f"{message}; there is no market {request.name}")
        if response.status == _BANNED:
            ends = f"{ban_ends(response):%Y-%m-%dT%H:%M:%SZ}"
            return SourceUnavailable(f"{message}; nothing is asked before the ban ends at {ends}")
        if response.status == _FIREWALL:
            message += "; its firewall blocks this address for a while; slow the feeds down"
        elif response.status == _RESTRICTED:
            host = Binance.facts().base_url
            message += (
                f'; it does not serve this region: set source_urls = {{ binance = "{host}" }}, '
                "the host for market data, or run in another region"
            )
        return error_class(response.status)(message)


def listed_symbols(prices: bytes) -> set[str]:
    """The symbols of ``/api/v3/ticker/price``: ``[{"symbol", "price"}]``, every market there is."""
    try:
        rows: Any = json.loads(prices)
        return {row["symbol"] for row in rows}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SourceUnavailable("binance: the list of prices is not what it was") from None


def ban_ends(response: HttpResponse) -> datetime:
    """When a 418's ban is over: the later of its ``Retry-After`` and the time in its message."""
    ends = response.fetched_at + max(timedelta(seconds=response.retry_after_seconds or 0), _MIN_BAN)
    if stated := _BANNED_UNTIL.search(response.body.decode("utf-8", "replace")):
        ends = max(ends, EPOCH + timedelta(milliseconds=int(stated[1])))
    return ends


def error_message(body: bytes) -> tuple[int | None, str]:
    """The code and the text, cut to 80 characters, of ``{"code": -1121, "msg": "text"}``."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None, "no JSON"
    fields = document if isinstance(document, dict) else {}
    code = fields.get("code")
    return (code if type(code) is int else None), printable(fields.get("msg", "no reason given"))


SOURCE: Final = Binance
