"""Binance's bulk archive (data.binance.vision): klines by day and by month, zipped, with checksums.

Paths and columns follow binance-public-data's README; what is an assumption is listed in this folder's
README.
"""

from email.utils import formatdate
from functools import lru_cache
from typing import Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from simulator import archive_files as files
from simulator import binance_symbols as symbols
from simulator.answers import Ask, Refusal, endpoint, refused
from simulator.market import Market, Shock
from simulator.zips import CHECKSUM_SUFFIX, bad_checksum, checksum, entity_tag, zipped

MEDIA_TYPE: Final = "binary/octet-stream"
REMEMBERED: Final = 64  # files: each is asked for twice, once for its checksum
NO_SUCH_KEY: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
)


class Archive:
    """The files of a market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.symbols = symbols.listed(market)
        self.flaws = files.flaws(market.seed, self.symbols)
        self.packed = lru_cache(maxsize=REMEMBERED)(self._packed)

    def answer(self, ask: Ask) -> Response:
        """A zip or its checksum; 404 in S3's words for what is not there (yet)."""
        name = ask.path["file"].removesuffix(CHECKSUM_SUFFIX)
        file = files.find(self.symbols, ask.path["period"], ask.path["symbol"], ask.path["interval"], name)
        if file is None or ask.now < file.published or self._missing(file):
            raise not_found()
        body = self.packed(file, tuple(self.market.shocks.get(file.symbol.coin.id, ())))
        if not body:
            raise not_found()
        if ask.path["file"] != name:
            body = checksum(body, name)
            body = bad_checksum(body) if file.daily and file.flawed("checksum", self.flaws) else body
        return stored(body, file.published)

    def _missing(self, file: files.File) -> bool:
        return file.daily and file.flawed("missing", self.flaws) is not None

    def _packed(self, file: files.File, _: tuple[Shock, ...]) -> bytes:
        """The zip; empty if nothing was listed then. Shocks are part of what is remembered it by."""
        text = files.text(file, self.flaws)
        return zipped(file.name.replace(".zip", ".csv"), text, file.published) if text else b""


def application(market: Market) -> Starlette:
    """The bucket as an ASGI application, to be mounted where ``/data`` begins."""
    answer = endpoint(market, lambda _: False, Archive(market).answer)
    route = Route("/data/spot/{period}/klines/{symbol}/{interval}/{file}", answer)
    return Starlette(routes=[route], exception_handlers={Refusal: refused, 404: _no_such_key})


def not_found() -> Refusal:
    """As S3 says it."""
    return Refusal(404, NO_SUCH_KEY, {"content-type": "application/xml"})


def stored(body: bytes, seconds: float) -> Response:
    """An object as S3 hands it out."""
    headers = {"etag": entity_tag(body), "last-modified": formatdate(seconds, usegmt=True)}
    return Response(body, 200, headers, media_type=MEDIA_TYPE)


async def _no_such_key(_: object, __: Exception) -> Response:
    return Response(NO_SUCH_KEY, 404, media_type="application/xml")
