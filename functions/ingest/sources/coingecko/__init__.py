"""CoinGecko API v3: snapshots of many coins, and the past of one.

The keyless, demo and pro plans differ by host and key header, which are configuration.
"""

from collections.abc import Mapping
from typing import ClassVar

from coinlake.errors import CoinlakeError
from ingest.answers import Answer, Limits
from ingest.sources import History, Request, Snapshot, Source
from ingest.sources.coingecko import requests
from ingest.sources.coingecko.complaints import explained


class CoinGecko(Source):
    """``/coins/markets``, ``/simple/price``, ``/coins/list`` and ``/coins/{id}/…``."""

    name: ClassVar[str] = requests.NAME
    ids: ClassVar[str] = requests.NAME
    # Failed requests count toward the limit too, and a 429 rarely says how long it lasts.
    limits: ClassVar[Limits] = Limits(throttled_seconds=60.0)
    snapshots: ClassVar[Mapping[str, Snapshot]] = {
        "quotes": requests.markets,
        "prices": requests.prices,
        "ohlc": requests.ohlc,
        "assets": requests.coins,
    }
    histories: ClassVar[Mapping[str, History]] = {"price_points": requests.PRICE_POINTS}

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        return explained(answer, request)
