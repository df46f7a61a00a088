"""CoinDesk Data API: index prices of many pairs, and the candles of one.

quotes   /index/cc/v1/latest/tick: ``assets``, many a request
candles  /spot/v1/historical/{minutes,hours,days}: for each market the last ``lookback`` closed buckets

Source: developers.coindesk.com, "Index & Reference Rates: Latest Tick" and "Spot: Historical
OHLCV+". Every request needs a key of a paid plan.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

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
)

NAME: Final = "coindesk"
INDEX: Final = "cadli"
VENUE: Final = "coinbase"
_UNITS: Final = {"1m": "minutes", "1h": "hours", "1d": "days"}
_DENIED: Final = (401, 403)
_NOT_FOUND: Final = 404


def _ticks(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    pairs = [f"{base}-{feed.quote}" for base in listed_assets(feed, assets).values()]
    return [
        Request(
            name=f"page {number}",
            key=checked_key(feed.page_key, due, number),
            path="/index/cc/v1/latest/tick",
            params={"market": INDEX, "instruments": ",".join(batch)},
            names=tuple(batch),
        )
        for number, batch in batches(feed, pairs)
    ]


def _candles(window: Window, asset_id: str) -> Request:
    """``to_ts`` lies within the last bucket, so it holds whether or not the end is inclusive.

    Idle buckets are left out rather than made up (``fill=false``).
    """
    pair = f"{asset_id}-{window.quote}"
    return Request(
        name=pair,
        key=checked_key(window.key, pair),
        path=f"/spot/v1/historical/{_UNITS[window.interval]}",
        params={
            "market": VENUE,
            "instrument": pair,
            "limit": str(window.count),
            "to_ts": str(int(window.end.timestamp()) - 1),
            "fill": "false",
            "apply_mapping": "true",
        },
    )


class CoinDesk(Source):
    name: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"quotes": _ticks}
    windows: ClassVar[Mapping[str, WindowRequest]] = {"candles": _candles}

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        message = f"coindesk: HTTP {response.status}: {error_message(response.body)}"
        if response.status in _DENIED:
            return BadConfiguration(f"{message}; set coindesk_api_key and raise coindesk_api_key_version")
        if response.status == _NOT_FOUND and request.key.dataset == "candles":
            return Unlisted(f"{message}; there is no {request.name}")
        return error_class(response.status)(message)


def error_message(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"Err": {"message": "text"}}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    error = document.get("Err") if isinstance(document, dict) else None
    text = error.get("message") if isinstance(error, dict) else None
    return printable("no reason given" if text is None else text)


SOURCE: Final = CoinDesk
