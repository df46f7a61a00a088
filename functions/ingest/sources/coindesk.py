"""CoinDesk Data API: index prices of many pairs, and the candles of one.

Source: developers.coindesk.com, "Index & Reference Rates: Latest Tick" and "Spot: Historical
OHLCV+". Every request needs a key of a paid plan.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

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
)

NAME: Final = "coindesk"
MAX_INSTRUMENTS: Final = 100
MAX_CANDLES: Final = 2000
INDEX: Final = "cadli"
VENUE: Final = "coinbase"
_UNITS: Final = {"1m": "minutes", "1h": "hours", "1d": "days"}
_DENIED: Final = (401, 403)
_NOT_FOUND: Final = 404


def _ticks(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    pairs = [f"{base}-{feed.quote}" for base in asset_ids(feed, assets, NAME)]
    return [
        Request(
            name=f"page {number}",
            key=checked_key(feed.page_key, due, number),
            path="/index/cc/v1/latest/tick",
            params={"market": INDEX, "instruments": ",".join(batch)},
        )
        for number, batch in batches(pairs, MAX_INSTRUMENTS)
    ]


def _candles(window: Window) -> Request:
    """``to_ts`` lies within the last bucket, so it holds whether or not the end is inclusive.

    Idle buckets are left out rather than made up (``fill=false``).
    """
    pair = f"{window.asset_id}-{window.quote}"
    return Request(
        name=pair,
        key=window.key(NAME, "candles", pair),
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
    """``/index/cc/v1/latest/tick`` and ``/spot/v1/historical/…``."""

    name: ClassVar[str] = NAME
    ids: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"quotes": _ticks}
    histories: ClassVar[Mapping[str, History]] = {
        "candles": History(_candles, dict.fromkeys(_UNITS, MAX_CANDLES))
    }

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        told = f"coindesk: HTTP {answer.status}: {complaint(answer.body)}"
        if answer.status in _DENIED:
            return BadConfiguration(f"{told}; set coindesk_api_key and raise coindesk_api_key_version")
        if answer.status == _NOT_FOUND and request.key.dataset == "candles":
            return Unlisted(f"{told}; there is no {request.name}")
        return blamed(answer.status)(told)


def complaint(body: bytes) -> str:
    """The text, cut to 80 characters, of ``{"Err": {"message": "text"}}`` or of whatever else came."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    found = document.get("Err") if isinstance(document, dict) else None
    text = found.get("message") if isinstance(found, dict) else None
    return printable("no reason given" if text is None else text)
