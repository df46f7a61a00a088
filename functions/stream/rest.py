"""Asking a venue's REST API for trades. The only file that speaks HTTP to a venue; it blocks.

No redirect is followed and no cookie, proxy or credential of the environment takes part.
"""

import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from stream.addresses import admits
from stream.connection import USER_AGENT

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
MAX_BYTES: Final = 4 << 20
_OK: Final = 200
_LATER: Final = frozenset({408, 418, 429})
_SERVER_ERRORS: Final = range(500, 600)


class Throttled(SourceUnavailable):
    """The venue wants us to wait."""

    def __init__(self, told: str, wait_seconds: float) -> None:
        super().__init__(told)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 200, whence and when."""

    url: str
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """Can GET below ``base_url`` and nothing else."""

    source: str
    base_url: str
    tls: ssl.SSLContext
    private: bool

    def get(self, path: str) -> Answer:
        """A 200's body. Raises ``SourceUnavailable`` for what a retry may heal, else ``SourceRefused``."""
        place = urlsplit(self.base_url)
        if place.scheme != "https" or not place.hostname:
            raise BadConfiguration(
                f"url_refused: the URL of source {self.source} is not https://host; correct it"
            )
        connection = HTTPSConnection(place.hostname, place.port, timeout=CONNECT_SECONDS, context=self.tls)
        try:
            connection.connect()
            self._check(connection.sock.getpeername()[0])
            connection.request("GET", place.path.rstrip("/") + path, headers={"User-Agent": USER_AGENT})
            response = connection.getresponse()
            body = _body(response)
        except (OSError, HTTPException) as error:
            raise SourceUnavailable(f"{self.source}: no whole answer ({type(error).__name__})") from error
        finally:
            connection.close()
        self._judge(response, path)
        return Answer(self.base_url.rstrip("/") + path, body, datetime.now(UTC))

    def _check(self, address: str) -> None:
        if not admits(address, private=self.private):
            raise SourceRefused(f"{self.source} leads to {address}, which is not a public address")

    def _judge(self, response: HTTPResponse, path: str) -> None:
        status, asked = response.status, response.headers.get("Retry-After", "")
        if status == _OK:
            return
        told = f"{self.source}: HTTP {status} for {path[:80]}"
        if status in _LATER:
            raise Throttled(told, float(asked[:6]) if asked.isascii() and asked.isdigit() else 5.0)
        raise (SourceUnavailable if status in _SERVER_ERRORS else SourceRefused)(told)


def _body(response: HTTPResponse) -> bytes:
    """Within the cap and the deadline, however slowly it drips."""
    end, body = time.monotonic() + ANSWER_SECONDS, bytearray()
    while chunk := response.read1(1 << 16):
        body += chunk
        if len(body) > MAX_BYTES or time.monotonic() > end:
            raise HTTPException("over the cap or the deadline")
    if response.length:
        raise HTTPException("cut short")
    return bytes(body)
