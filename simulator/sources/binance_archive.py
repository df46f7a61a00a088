"""Binance's bulk archive (data.binance.vision): klines by day and by month, zipped, with checksums.

Paths and columns follow binance-public-data's README; what is an assumption is listed in the simulator's
README. Three files of each seed have a flaw.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Final, Literal

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from simulator.endpoints import ApiError, ApiRequest, api_error_response, endpoint
from simulator.faults.error_formats import ErrorFormat
from simulator.market.market import Market, Shock
from simulator.market.prices import draws
from simulator.market.times import DAY, HOUR, INTERVALS, MONTH, iso, month_start, starts_between
from simulator.quotas import Quotas
from simulator.sources import SimulatedSource
from simulator.sources.binance.klines import MICROSECOND, MILLISECOND, present, row
from simulator.sources.binance.symbols import Symbol, Symbols, listed
from simulator.websockets.sessions import Sessions
from simulator.zip_files import CHECKSUM_SUFFIX, MEDIA_TYPE, bad_checksum, checksum, entity_tag, zipped

MAX_REMEMBERED: Final = 64  # files: each is asked for twice, once for its checksum
XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>'
S3_CODES: Final = {404: "NoSuchKey", 429: "SlowDown", 451: "AccessDenied", 500: "InternalError"}
NO_SUCH_KEY: Final = "The specified key does not exist."
ERROR_FORMAT: Final = ErrorFormat(
    lambda status, text: XML.format(S3_CODES.get(status, "InvalidRequest"), text),
    "application/xml",
    {404: NO_SUCH_KEY},
)
FILE_MONTH: Final = "1mo"  # the month's name here, because file systems may not tell 1M from 1m
MONTHLY_ONLY: Final = {"3d", "1w", MONTH}
PUBLISHED_AT: Final = 4 * HOUR  # in the night after
MICROSECONDS_FROM: Final = 1_735_689_600  # 2025-01-01
FLAWED_FROM: Final = 1_704_067_200  # the flawed days lie in 2024
HOLE: Final = (10 * HOUR, 13 * HOUR)
DATES: Final = {"daily": r"\d{4}-\d{2}-\d{2}", "monthly": r"\d{4}-\d{2}"}

Kind = Literal["checksum", "hole", "missing"]
KINDS: Final[tuple[Kind, ...]] = ("checksum", "hole", "missing")


def build(market: Market, _: Quotas, __: Sessions) -> SimulatedSource:
    """The bucket, from ``/data`` on."""
    archive = Archive(market)
    answer = endpoint(market, lambda _: False, archive.answer)
    route = Route("/data/spot/{period}/klines/{symbol}/{interval}/{file}", answer)
    handlers = {ApiError: api_error_response, 404: _no_such_key}
    return SimulatedSource(
        api=Starlette(routes=[route], exception_handlers=handlers),
        error_format=ERROR_FORMAT,
        absences={flaw.kind: {"symbol": flaw.symbol, "day": iso(flaw.day)[:10]} for flaw in archive.flaws},
    )


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a symbol's files of one day."""

    kind: Kind
    symbol: str
    day: int


@dataclass(frozen=True, slots=True)
class File:
    """One zip: a symbol's klines of the buckets that begin in [start, end)."""

    name: str
    symbol: Symbol
    interval: str
    daily: bool
    start: int
    end: int

    @property
    def published(self) -> int:
        """The night after the day, or the first Monday after the month."""
        monday = 0 if self.daily else -datetime.fromtimestamp(self.end, UTC).weekday() % 7
        return self.end + monday * DAY + PUBLISHED_AT

    def flawed(self, kind: Kind, flaws: Iterable[Flaw]) -> Flaw | None:
        """The flaw of a kind that touches this file."""
        own = (flaw for flaw in flaws if flaw.kind == kind and flaw.symbol == self.symbol.name)
        return next((flaw for flaw in own if self.start <= flaw.day < self.end), None)


def flaws(seed: int, symbols: Symbols) -> tuple[Flaw, ...]:
    """One of each kind, by the seed.

    A day whose checksum is wrong and a day that is missing (the months that hold them are fine), and
    three hours that are in neither file (though the API has them).
    """
    names = list(symbols)[:20]
    flawed = []
    for kind in KINDS:
        which, when = draws(seed, "archive", kind, count=2)
        flawed.append(Flaw(kind, names[int(which * len(names))], FLAWED_FROM + int(when * 366) * DAY))
    return tuple(flawed)


def find(symbols: Symbols, period: str, symbol: str, interval: str, name: str) -> File | None:
    """The file of a path, whether published or not; None if no such file can be."""
    spelled = MONTH if interval == FILE_MONTH else interval if interval != MONTH else ""
    pattern = f"{re.escape(symbol)}-{re.escape(interval)}-({DATES.get(period, '$')})\\.zip"
    match = re.fullmatch(pattern, name, re.ASCII)
    if symbol not in symbols or spelled not in INTERVALS or match is None:
        return None
    daily = period == "daily"
    if daily and spelled in MONTHLY_ONLY:
        return None
    try:
        first = date.fromisoformat(match[1] if daily else f"{match[1]}-01")
    except ValueError:
        return None
    start = month_start(first.year, first.month) + (first.day - 1) * DAY
    end = start + DAY if daily else month_start(first.year, first.month + 1)
    return File(name, symbols[symbol], spelled, daily, start, end)


def csv(file: File, flawed: Iterable[Flaw]) -> str:
    """The rows as CSV without a header; times in milliseconds, from 2025 on in microseconds."""
    hole = file.flawed("hole", flawed)
    lines = []
    for kline in present(
        file.symbol, file.interval, starts_between(file.interval, file.start, file.end), file.published
    ):
        if hole and _within(hole, kline.start, kline.end):
            continue
        unit = MICROSECOND if kline.start >= MICROSECONDS_FROM else MILLISECOND
        lines.append(",".join(map(str, row(file.symbol, kline, unit))))
    return "".join(f"{line}\n" for line in lines)


def _within(hole: Flaw, start: int, end: int) -> bool:
    return hole.day + HOLE[0] <= start and end <= hole.day + HOLE[1]


class Archive:
    """The files of a market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.symbols = listed(market)
        self.flaws = flaws(market.seed, self.symbols)
        self.packed = lru_cache(maxsize=MAX_REMEMBERED)(self._packed)

    def answer(self, request: ApiRequest) -> Response:
        """A zip or its checksum; 404 in S3's words for what is not there (yet)."""
        name = request.path["file"].removesuffix(CHECKSUM_SUFFIX)
        path = request.path
        file = find(self.symbols, path["period"], path["symbol"], path["interval"], name)
        if file is None or request.now < file.published or self._missing(file):
            raise not_found()
        body = self.packed(file, tuple(self.market.shocks.get(file.symbol.coin.id, ())))
        if not body:
            raise not_found()
        if request.path["file"] != name:
            body = checksum(body, name)
            body = bad_checksum(body) if file.daily and file.flawed("checksum", self.flaws) else body
        return stored(body, file.published)

    def _missing(self, file: File) -> bool:
        return file.daily and file.flawed("missing", self.flaws) is not None

    def _packed(self, file: File, _: tuple[Shock, ...]) -> bytes:
        """The zip; empty if nothing was listed then. The cache has the shocks in its key."""
        text = csv(file, self.flaws)
        return zipped(file.name.replace(".zip", ".csv"), text, file.published) if text else b""


def not_found() -> ApiError:
    """S3's error."""
    return ApiError(404, XML.format("NoSuchKey", NO_SUCH_KEY), {"content-type": "application/xml"})


def stored(body: bytes, seconds: float) -> Response:
    """An object as S3 hands it out."""
    headers = {"etag": entity_tag(body), "last-modified": formatdate(seconds, usegmt=True)}
    return Response(body, 200, headers, media_type=MEDIA_TYPE)


async def _no_such_key(_: object, __: Exception) -> Response:
    return Response(XML.format("NoSuchKey", NO_SUCH_KEY), 404, media_type="application/xml")
