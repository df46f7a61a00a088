"""Asking one source for bytes, within limits of time, size, rate and reach.

Every limit holds whatever the server does: a try has a total deadline, a body has a cap both
as received and as unpacked, no redirect is followed, and only public addresses are reached.
(Name resolution alone keeps the resolver's own time limits.)
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from coinlake.config import SourceConfig
from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable, TooLarge
from ingest import bodies, retries
from ingest.connections import Guard, GuardedAdapter
from ingest.pace import Pace

USER_AGENT: Final = "coinlake/0.1 (crypto market data lake)"
CONNECT_SECONDS: Final = 5.0
SHORTEST_TRY_SECONDS: Final = 0.1
MAX_ERROR_BYTES: Final = 64 << 10
OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_FAULTS: Final = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)
_BASE_URL: Final = re.compile(
    r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered. ``url`` holds no secret; the ``body`` of an error holds no key of ours."""

    url: str
    status: int
    content_type: str
    body: bytes
    fetched_at: datetime
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, passed in: ``now`` is aware UTC, ``seconds`` monotonic, ``jitter`` in [0, 1)."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Limits:
    """One client's bounds; ``throttled_seconds`` is the wait after a 429 that names none."""

    try_seconds: float = 15.0
    max_bytes: int = 16 << 20
    throttled_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Http:
    """A client for one source: it can GET below the source's base URL and nothing else.

    ``verify`` is True or the path of a CA bundle, ``private`` allows private addresses. The
    API key goes into its header only.
    """

    source: SourceConfig
    api_key: str | None = field(default=None, repr=False)
    private: bool = False
    verify: str | bool = True
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    _guard: Guard = field(init=False, repr=False)
    _adapter: GuardedAdapter = field(init=False, repr=False)
    _pace: Pace = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _BASE_URL.fullmatch(self.source.base_url):
            raise BadConfiguration(
                f"url_refused: the URL of source {self.source.name} is not https://host[:port][/path]; "
                "correct source_urls"
            )
        object.__setattr__(self, "_guard", Guard(private=self.private))
        object.__setattr__(self, "_adapter", GuardedAdapter(self._guard))
        object.__setattr__(self, "_pace", Pace(self.source.requests_per_minute))

    def get(self, path: str, params: Mapping[str, str], until: float) -> Answer:
        """The answer, whatever its status; ``until`` is a time of ``clock.seconds``.

        A retriable status or a fault of the network is tried three times at most, and only as
        long as ``until`` allows. Raises ``SourceUnavailable`` when no whole answer came,
        ``SourceRefused`` for a redirect or a private address, ``TooLarge`` past the cap.
        """
        request = self._request(path, params)
        outcome: Answer | SourceUnavailable = self._unavailable("no time was left in this run to ask")
        pause_seconds: float | None = 0.0
        tried = 0
        while pause_seconds is not None and self._waited(pause_seconds, until):
            outcome = self._tried(request, until)
            tried += 1
            pause_seconds = self._pause_seconds(outcome, tried)
        if isinstance(outcome, SourceUnavailable):
            raise outcome
        return outcome

    def _request(self, path: str, params: Mapping[str, str]) -> requests.PreparedRequest:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
        if self.api_key and self.source.api_key_header:
            headers[self.source.api_key_header] = self.api_key
        url = self.source.base_url.rstrip("/") + path
        return requests.Request("GET", url, headers, params=params).prepare()

    def _waited(self, pause_seconds: float, until: float) -> bool:
        """Sleep for the pause and the source's pace; False, without sleeping, if that is too long."""
        now = self.clock.seconds()
        wait_seconds = max(pause_seconds, self._pace.wait_seconds(now))
        if now + wait_seconds >= until:
            return False
        if wait_seconds:
            self.clock.sleep(wait_seconds)
        return True

    def _pause_seconds(self, outcome: Answer | SourceUnavailable, tried: int) -> float | None:
        jitter = self.clock.jitter()
        if isinstance(outcome, SourceUnavailable):
            return retries.pause_seconds(tried, jitter)
        least = self.limits.throttled_seconds if outcome.status == retries.THROTTLED else 0.0
        return retries.pause_seconds(tried, jitter, outcome.status, outcome.retry_after_seconds, least)

    def _tried(self, request: requests.PreparedRequest, until: float) -> Answer | SourceUnavailable:
        now = self.clock.seconds()
        self._pace.sent(now)
        seconds = max(SHORTEST_TRY_SECONDS, min(self.limits.try_seconds, until - now))
        try:
            with self._guard.deadline(seconds):
                answer: Answer | SourceUnavailable = self._asked(request, seconds)
        except SourceUnavailable as error:
            answer = self._unavailable(str(error))
        except (SourceRefused, TooLarge) as error:
            raise type(error)(f"{self.source.name}: {error}") from error
        except _FAULTS as error:
            answer = self._unavailable(f"no whole answer ({_cause(error)})")
            answer.__cause__ = error
        if self._guard.expired:
            return self._unavailable(f"no whole answer within {seconds:.1f} s")
        return answer

    def _asked(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        response = self._adapter.send(request, stream=True, timeout=timeout, verify=self.verify, proxies={})
        with closing(response):
            status, headers = response.status_code, response.headers
            if status in _REDIRECTS:
                raise _redirected(status, headers.get("Location", ""))
            return Answer(
                url=str(request.url),
                status=status,
                content_type=headers.get("Content-Type", ""),
                body=self._body(response),
                fetched_at=self.clock.now(),
                retry_after_seconds=retries.retry_after_seconds(
                    headers.get("Retry-After", ""), self.clock.now()
                ),
            )

    def _body(self, response: requests.Response) -> bytes:
        if response.status_code == OK:
            return bodies.read(response.raw, self.limits.max_bytes)
        try:
            body = bodies.read(response.raw, MAX_ERROR_BYTES)
        except (TooLarge, SourceRefused, SourceUnavailable):
            return b""  # the status says enough
        # A source may quote the key in its complaint; whoever tells the complaint must not.
        return body.replace(self.api_key.encode(), b"***") if self.api_key else body

    def _unavailable(self, what: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self.source.name}: {what}")


def _redirected(status: int, location: str) -> SourceRefused:
    try:
        target = urlsplit(location).hostname or "itself"
    except ValueError:
        target = "an unreadable address"
    return SourceRefused(
        f"HTTP {status} redirects to {target[:80]!r} and redirects are not followed; "
        "correct source_urls if the source has moved"
    )


def _cause(error: BaseException) -> str:
    """The name of the innermost error; its text could hold anything."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return type(error).__name__
