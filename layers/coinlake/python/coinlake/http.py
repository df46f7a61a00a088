"""The one HTTP client: GETs below one base URL, within limits of time, size and reach.

Every limit holds whatever the server does: a request has a total deadline, a body has a cap both as
received and as unpacked, no redirect is followed, no cookie, netrc entry or proxy of the environment
takes part, and only public addresses are reached. (Name resolution alone keeps the resolver's own
time limits.) An ``HTTPAdapter`` of requests is used without a ``Session``, which would bring those. The
only file that knows requests, and urllib3's inside.
"""

import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable, TooLarge

OK: Final = 200
USER_AGENT: Final = "coinlake/0.1 (crypto market data lake)"
CONNECT_SECONDS: Final = 5.0
MIN_REQUEST_SECONDS: Final = 0.1
MAX_BODY_BYTES: Final = 16 << 20
MAX_ERROR_BYTES: Final = 64 << 10
CHUNK_BYTES: Final = 1 << 16
_GZIP: Final = 16 + zlib.MAX_WBITS
_REDIRECTS: Final = range(300, 400)
_FAULTS: Final = (requests.RequestException, HTTPError, HTTPException, OSError)
_BASE_URL: Final = re.compile(
    r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?"
)
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")  # RFC 8215; global to Python before 3.12.4
# EC2's metadata (fd00:ec2::254) and EKS's credentials (fd00:ec2::23) over IPv6.
_AWS_SERVICES: Final = IPv6Network("fd00:ec2::/32")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server answered, whatever the status. ``url`` holds no secret.

    ``headers`` are looked up in any case; the ``body`` of an error holds no key of ours.
    """

    url: str
    status: int
    body: bytes
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict)

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the server asks to wait; None where it names no time."""
        return retry_after_seconds(self.headers.get("Retry-After", ""), self.fetched_at)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and the header that carries it, as ``prefix`` and ``value``."""

    header: str
    value: str = field(repr=False)
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class HttpClient:
    """A client for one source; it serves one request at a time, over one connection that it keeps.

    ``allow_private`` admits private addresses, as of a simulator.
    """

    source: str
    base_url: str
    tls: ssl.SSLContext = field(repr=False)
    api_key: ApiKey | None = None
    allow_private: bool = False
    max_body_bytes: int = MAX_BODY_BYTES
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    _guard: "_Guard" = field(init=False, repr=False)
    _adapter: HTTPAdapter = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _BASE_URL.fullmatch(self.base_url) or not _has_port(self.base_url):
            raise BadConfiguration(
                f"url_refused: the URL of source {self.source} is not https://host[:port][/path]; "
                "correct source_urls"
            )
        guard = _Guard(self.allow_private)
        object.__setattr__(self, "_guard", guard)
        object.__setattr__(self, "_adapter", _GuardedAdapter(self.tls, guard))

    def get(self, path: str, params: Mapping[str, str], seconds: float) -> HttpResponse:
        """The answer to one request, within ``seconds`` in all.

        Raises ``SourceUnavailable`` where no complete answer came, ``SourceRefused`` for a redirect, a
        private address or an encoding that was not asked for, ``TooLarge`` past the cap.
        """
        seconds = max(MIN_REQUEST_SECONDS, seconds)
        try:
            with self._guard.deadline(seconds):
                response = self._send(path, params, seconds)
        except (SourceRefused, TooLarge) as error:
            raise type(error)(f"{self.source}: {error}") from error
        except (SourceUnavailable, *_FAULTS) as error:
            if not self._guard.expired:
                reason = error if isinstance(error, SourceUnavailable) else _no_answer(error)
                raise SourceUnavailable(f"{self.source}: {reason}") from error
        if self._guard.expired:
            raise SourceUnavailable(f"{self.source}: no complete answer within {seconds:.1f} s")
        return response

    def _send(self, path: str, params: Mapping[str, str], seconds: float) -> HttpResponse:
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json, */*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        if self.api_key:
            headers[self.api_key.header] = self.api_key.prefix + self.api_key.value
        request = requests.Request("GET", self.base_url.rstrip("/") + path, headers, params=params).prepare()
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        received = self._adapter.send(request, stream=True, timeout=timeout)
        try:
            if received.status_code in _REDIRECTS:
                raise _redirected(received.status_code, received.headers.get("Location", ""))
            body = self._body(received.raw)
            return HttpResponse(str(request.url), received.status_code, body, self.now(), received.headers)
        finally:
            received.close()

    def _body(self, received: BaseHTTPResponse) -> bytes:
        if received.status == OK:
            return _read(received, self.max_body_bytes)
        try:
            body = _read(received, MAX_ERROR_BYTES)
        except (TooLarge, SourceRefused, SourceUnavailable):
            return b""  # the status says enough
        # A source may quote the key in its error message; whoever repeats the message must not.
        return body.replace(self.api_key.value.encode(), b"***") if self.api_key else body


def admits(address: str, *, private: bool) -> bool:
    """Whether a peer's IP address is public, or private and ``private`` ones are allowed.

    Addresses where clouds serve credentials, as all link-local ones, are never allowed, in whatever
    spelling: mapped, 6to4 or NAT64.
    """
    peer = _ipv4_inside(ip_address(address))
    if peer.is_link_local or peer in _AWS_SERVICES:
        return False
    return private or (peer.is_global and not peer.is_multicast and peer not in _LOCAL_NAT64)


def retry_after_seconds(header: str, now: datetime) -> float | None:
    """A Retry-After header, seconds or an HTTP date (RFC 9110, 10.2.3); None if it is neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])  # 31 years are long enough, and float() of 400 digits is infinite
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:  # "-0000" means UTC of unknown place
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class _Guard:
    """What each connection of one client asks: is this peer allowed, and is there time left?

    A socket's timeout bounds each wait, not their sum, so a server that drips a byte a second
    would hold us for ever; at the deadline the guard shuts the socket, which ends any read.
    """

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private
        self.expired = False
        self._socket: socket.socket | None = None

    def watch(self, connected: socket.socket) -> None:
        """The connection that the deadline ends; a reused one stays watched."""
        self._socket = connected
        if self.expired:
            self._shut()

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Let the block's reads last ``seconds`` in all; ``expired`` says whether they were cut."""
        self.expired = False
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.expired = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # the peer may have closed it at the same moment
                # Not SSLSocket.shutdown: it drops the TLS state under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _GuardedConnection(HTTPSConnection):
    """Checks its peer after connecting, so that no DNS answer leads to a private address."""

    _guard: _Guard

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        address = connected.getpeername()[0]
        if not admits(address, private=self._guard.allow_private):
            connected.close()
            raise SourceRefused(
                f"{self.host} resolves to {address}, which is not a public address; "
                "correct source_urls, or set private_sources = true for a simulator"
            )
        return connected

    def connect(self) -> None:
        super().connect()
        self._guard.watch(self.sock)


class _GuardedAdapter(HTTPAdapter):
    """requests' adapter over guarded connections; it can speak nothing but https."""

    def __init__(self, tls: ssl.SSLContext, guard: _Guard) -> None:
        self._tls = tls
        connection = type("Connection", (_GuardedConnection,), {"_guard": guard})
        self._pool = type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": connection})
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context says whom to trust; requests would add its own authorities to it."""


def _has_port(url: str) -> bool:
    """Whether the port, if the URL has one, is valid: 70000 is not."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _ipv4_inside(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 address (mapped, 6to4 or NAT64); None for any other."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _read(received: BaseHTTPResponse, max_bytes: int) -> bytes:
    """The unpacked body.

    Raises ``TooLarge`` before holding more than ``max_bytes`` and a chunk, ``SourceUnavailable``
    for a cut, corrupt or overlong gzip stream, ``SourceRefused`` for an encoding that was not asked for.
    """
    encoding = received.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return _joined(_received(received, max_bytes), max_bytes)
    if encoding in ("gzip", "x-gzip"):
        return _joined(_unzipped(_received(received, max_bytes), max_bytes), max_bytes)
    raise SourceRefused(f"the answer is encoded as {encoding[:20]!r}; only gzip was requested")


def _received(received: BaseHTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """The bytes on the wire, each as soon as it is there (``read1`` never waits for a full chunk)."""
    size = 0
    while chunk := received.read1(CHUNK_BYTES, decode_content=False):
        size += len(chunk)
        _check_size(size, max_bytes)
        yield chunk


def _unzipped(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Never unpacks more than the cap and one byte, however small the bomb is packed."""
    unzip = zlib.decompressobj(_GZIP)
    left = max_bytes + 1
    try:
        for chunk in chunks:
            unpacked = unzip.decompress(chunk, left)
            left -= len(unpacked)
            yield unpacked
    except zlib.error:
        raise SourceUnavailable("the answer's gzip stream is corrupt") from None
    if not unzip.eof or unzip.unused_data:
        raise SourceUnavailable("the answer's gzip stream is incomplete, or other data follows it")


def _joined(chunks: Iterator[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _check_size(len(body), max_bytes)
    return bytes(body)


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"the answer is larger than the limit of {max_bytes} bytes")


def _redirected(status: int, location: str) -> SourceRefused:
    try:
        target = urlsplit(location).hostname or "the same host"
    except ValueError:
        target = "an unreadable address"
    return SourceRefused(
        f"HTTP {status} redirects to {target[:80]!r}, but redirects are not followed; "
        "correct source_urls if the source has moved"
    )


def _no_answer(error: BaseException) -> str:
    """Names the innermost error; its text could hold anything."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return f"no complete answer ({type(error).__name__})"
