"""Binance's public archive: zips of one market's candles of a day or a month, with their checksums.

Source: github.com/binance/binance-public-data. A day's file comes the next day, a month's on the
first Monday after it; files are replaced when errors in them are found. Nothing lands that its
checksum does not vouch for.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote

from coinlake import intervals
from coinlake.errors import CoinlakeError, SourceUnavailable
from coinlake.feeds import Feed
from ingest.answers import Answer
from ingest.errors import NotYet, Unlisted
from ingest.sources import History, Request, Source, Window, blamed
from ingest.sources.binance.requests import INTERVALS

NAME: Final = "binance_archive"
DAY: Final = timedelta(days=1)
_MONTH_CHARACTERS: Final = len("2024-05")
_DAY_IS_LATE: Final = timedelta(days=2)
_MONTH_IS_LATE: Final = timedelta(days=10)
_CHECKSUM: Final = re.compile(rb"([0-9a-f]{64}) [ *]([^/\s]+)\s*")
_NOT_FOUND: Final = 404
_TRIES: Final = 2
_MOST: Final = dict.fromkeys(INTERVALS, 31 * 24 * 60)
_MOST_FILES: Final = dict.fromkeys(INTERVALS, 31)  # of a feed, for each market


def _file(window: Window) -> Request:
    period = str(window.period)
    span = "monthly" if len(period) == _MONTH_CHARACTERS else "daily"
    symbol = quote(window.asset_id + window.quote, safe="")
    name = f"{symbol}-{window.interval}-{period}.zip"
    market = f"{window.asset_id}-{window.quote}"
    return Request(
        name=f"{market} {period}",
        key=replace(window.key(NAME, "candles", market), ext="zip"),
        path=f"/data/spot/{span}/klines/{symbol}/{window.interval}/{name}",
        params={},
    )


class BinanceArchive(Source):
    """``/data/spot/{daily|monthly}/klines/…``. A feed asks for the last ``lookback`` days' files."""

    name: ClassVar[str] = NAME
    ids: ClassVar[str] = "binance"
    histories: ClassVar[Mapping[str, History]] = {"candles": History(_file, _MOST, by_period=True)}

    @classmethod
    def _windows(cls, history: History, feed: Feed, ids: Sequence[str], due: datetime) -> list[Request]:
        replace(history, most=_MOST_FILES).check(f"feed {feed.name}", feed.interval, feed.lookback)
        midnight = intervals.floor(due, "1d")
        count = DAY // intervals.duration(feed.interval)
        ends = [midnight - days * DAY for days in reversed(range(feed.lookback))]
        return [
            history.request(Window(asset_id, feed.quote, feed.interval, end, count, f"{end - DAY:%Y-%m-%d}"))
            for asset_id in ids
            for end in ends
        ]

    def fetch(self, request: Request, until: float) -> Answer:
        """The zip, once it matches its checksum; a mismatch is asked for once more.

        A file may be replaced between the two requests, so the checksum is read again as well.
        Raises ``NotYet`` or ``Unlisted`` for a file that is not there.
        """
        for _ in range(_TRIES):
            checksum = super().fetch(replace(request, path=f"{request.path}.CHECKSUM"), until)
            answer = super().fetch(request, until)
            if _vouched(checksum.body, request.path, answer.body):
                return answer
        raise SourceUnavailable(f"binance_archive: {request.name} does not match its checksum")

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        told = f"binance_archive: HTTP {answer.status} for {request.name}"
        if answer.status != _NOT_FOUND:
            return blamed(answer.status)(told)
        period = request.key.slot.parts[-1]
        late = _MONTH_IS_LATE if len(period) == _MONTH_CHARACTERS else _DAY_IS_LATE
        if answer.fetched_at < request.key.slot.time + late:
            return NotYet(f"{told}; the file is published later")
        return Unlisted(f"{told}; there is no such file, so the market was not listed or is not kept")


def _vouched(checksum: bytes, path: str, body: bytes) -> bool:
    """Whether ``<sha256>  <file>`` names this file and these bytes."""
    found = _CHECKSUM.fullmatch(checksum)
    if not found:
        return False
    name = path.rsplit("/", 1)[-1].encode()
    return found[2] == name and found[1].decode() == hashlib.sha256(body).hexdigest()
