"""Binance spot REST: candles of one market, 24-hour statistics of many, and the list of markets.

``requests_per_minute`` counts weight here. See requests.py and complaints.py.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from coinlake.errors import CoinlakeError
from ingest.answers import Answer, Limits
from ingest.errors import Unlisted
from ingest.sources import History, Request, Snapshot, Source
from ingest.sources.binance import complaints, requests

PRICES_WEIGHT: Final = 4


class Binance(Source):
    """``/api/v3/klines``, ``/api/v3/ticker/24hr`` and ``/api/v3/exchangeInfo``."""

    name: ClassVar[str] = requests.NAME
    ids: ClassVar[str] = requests.NAME
    limits: ClassVar[Limits] = Limits(used_header="X-MBX-USED-WEIGHT-1M")
    snapshots: ClassVar[Mapping[str, Snapshot]] = {
        "quotes": requests.day_tickers,
        "assets": requests.exchange_info,
    }
    histories: ClassVar[Mapping[str, History]] = {"candles": requests.CANDLES}

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        return complaints.explained(answer, request)

    def heed(self, answer: Answer) -> None:
        """A ban binds every invocation, and asking on makes it longer."""
        if answer.status == complaints.BANNED:
            left = complaints.ban_ends(answer) - answer.fetched_at
            self.http.limiter.hold(left.total_seconds())

    def fetch(self, request: Request, until: float) -> Answer:
        """As ``Source.fetch``; a page of tickers with an unlisted symbol is asked for without it."""
        try:
            return super().fetch(request, until)
        except Unlisted:
            if "symbols" not in request.params:
                raise
        return self._fetch_listed(request, until)

    def _fetch_listed(self, request: Request, until: float) -> Answer:
        """One symbol that is not listed fails a whole page: ask for the page without any such."""
        prices = replace(request, path="/api/v3/ticker/price", params={}, cost=PRICES_WEIGHT)
        listed = requests.symbols(super().fetch(prices, until).body)
        wanted = json.loads(request.params["symbols"])
        kept = [symbol for symbol in wanted if symbol in listed]
        if not kept:
            raise Unlisted(f"binance lists none of {', '.join(wanted)}")
        answer = super().fetch(requests.of_symbols(request, kept), until)
        return replace(answer, unlisted=tuple(symbol for symbol in wanted if symbol not in listed))
