"""Binance's public archive: zips of one market's candles of a day or a month, with their checksums.

candles  /data/spot/{daily|monthly}/klines/…: for each market the files of the last ``lookback`` days

Source: github.com/binance/binance-public-data. A day's file comes the next day, a month's on the
first Monday after it; files are replaced when errors in them are found. Nothing lands that its
checksum does not vouch for.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote

from coinlake import intervals
from coinlake.errors import CoinlakeError, SourceUnavailable
from coinlake.feeds import Feed
from coinlake.http import HttpResponse
from coinlake.windows import Window, day_of, is_month
from ingest.errors import NotYet, Unlisted
from ingest.sources import RawDocument, Request, Source, WindowRequest, checked_key, error_class

NAME: Final = "binance_archive"
DAY: Final = timedelta(days=1)
_CHECKSUM: Final = re.compile(rb"([0-9a-f]{64}) [ *]([^/\s]+)\s*")
_NOT_FOUND: Final = 404
_ATTEMPTS: Final = 2


def _file(window: Window, asset_id: str) -> Request:
    period = str(window.period)
    span = "monthly" if is_month(period) else "daily"
    symbol = quote(asset_id + window.quote, safe="")
    name = f"{symbol}-{window.interval}-{period}.zip"
    market = f"{asset_id}-{window.quote}"
    return Request(
        name=f"{market} {period}",
        key=checked_key(window.key, market, "zip"),
        path=f"/data/spot/{span}/klines/{symbol}/{window.interval}/{name}",
        params={},
    )


class BinanceArchive(Source):
    name: ClassVar[str] = NAME
    windows: ClassVar[Mapping[str, WindowRequest]] = {"candles": _file}

    @classmethod
    def _plan_windows(cls, feed: Feed, ids: Mapping[str, str], due: datetime) -> list[Request]:
        midnight = intervals.floor(due, "1d")
        days = [day_of(midnight - ago * DAY) for ago in range(feed.lookback, 0, -1)]
        return [
            _file(
                Window.of_period(NAME, feed.dataset, asset, feed.quote, interval=feed.interval, period=day),
                asset_id,
            )
            for asset, asset_id in ids.items()
            for day in days
        ]

    def fetch(self, request: Request, until: float) -> RawDocument:
        """The zip, once it matches its checksum; a mismatch is asked for once more.

        A file may be replaced between the two requests, so the checksum is read again as well.
        Raises ``NotYet`` or ``Unlisted`` for a file that is not there.
        """
        for _ in range(_ATTEMPTS):
            checksum = super().fetch(replace(request, path=f"{request.path}.CHECKSUM"), until)
            document = super().fetch(request, until)
            if _is_vouched_for(checksum.response.body, request.path, document.response.body):
                return document
        raise SourceUnavailable(f"binance_archive: {request.name} does not match its checksum")

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        message = f"binance_archive: HTTP {response.status} for {request.name}"
        if response.status != _NOT_FOUND:
            return error_class(response.status)(message)
        delays = BinanceArchive.facts().datasets[request.key.dataset].publication_delay
        delay = delays["month" if is_month(request.key.slot.parts[-1]) else "day"]
        if response.fetched_at < request.key.slot.time + delay:
            return NotYet(f"{message}; the file is published later")
        return Unlisted(f"{message}; there is no such file, so the market was not listed or is not kept")


def _is_vouched_for(checksum: bytes, path: str, body: bytes) -> bool:
    """Whether ``<sha256>  <file>`` names this file and these bytes."""
    line = _CHECKSUM.fullmatch(checksum)
    if not line:
        return False
    name = path.rsplit("/", 1)[-1].encode()
    return line[2] == name and line[1].decode() == hashlib.sha256(body).hexdigest()


SOURCE: Final = BinanceArchive
