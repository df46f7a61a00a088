"""Asking one source for bytes, within limits of time, size, rate and reach.

Every limit holds whatever the server does: a try has a total deadline, a body has a cap both
as received and as unpacked, no redirect is followed, and only public addresses are reached.
(Name resolution alone keeps the resolver's own time limits.)
"""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from coinlake.config import SourceConfig
from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable, TooLarge
from ingest import bodies, retries
from ingest.answers import OK, Answer, Limits, counted
from ingest.clock import Clock
from ingest.connections import Guard, GuardedAdapter
from ingest.limiter import Limiter

USER_AGENT: Final = "coinlake/0.1 (crypto market data lake)"
CONNECT_SECONDS: Final = 5.0
SHORTEST_TRY_SECONDS: Final = 0.1
LONGEST_THROTTLING_SECONDS: Final = 3600.0  # a 429 that asks for more is not believed by the others
MINUTE_SECONDS: Final = 60.0
MAX_ERROR_BYTES: Final = 64 << 10
_REDIRECTS: Final = range(300, 400)
_FAULTS: Final = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)
_BASE_URL: Final = re.compile(
    r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?"
)


@dataclass(frozen=True, slots=True)
class Http:
    """A client for one source: it can GET below the source's base URL and nothing else.

    ``verify`` is True or the path of a CA bundle, ``private`` allows private addresses. The
    API key goes into its header only.
    """

    source: SourceConfig
    limiter: Limiter
    api_key: str | None = field(default=None, repr=False)
    private: bool = False
    verify: str | bool = True
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    _guard: Guard = field(init=False, repr=False)
    _adapter: GuardedAdapter = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _BASE_URL.fullmatch(self.source.base_url):
            raise BadConfiguration(
                f"url_refused: the URL of source {self.source.name} is not https://host[:port][/path]; "
                "correct source_urls"
            )
        object.__setattr__(self, "_guard", Guard(private=self.private))
        object.__setattr__(self, "_adapter", GuardedAdapter(self._guard))

    def get(
        self, path: str, params: Mapping[str, str], until: float, *, cost: int = 1, yields: bool = False
    ) -> Answer:
        """The answer, whatever its status; ``until`` is a time of ``clock.seconds``.

        A retriable status or a fault of the network is tried three times at most, each in its
        turn, and only as long as ``until`` allows. Raises ``SourceUnavailable`` when no whole
        answer came, ``SourceRefused`` for a redirect or a private address, ``TooLarge`` past the cap.
        """
        request = self._request(path, params)
        outcome: Answer | SourceUnavailable | None = None
        pause_seconds: float | None = 0.0
        tried = 0
        while pause_seconds is not None:
            late = self._late(pause_seconds, until, cost, yields)
            if late:
                outcome = outcome or late
                break
            outcome = self._tried(request, until)
            tried += 1
            pause_seconds = self._pause_seconds(outcome, tried)
        if not isinstance(outcome, Answer):
            raise outcome or self._unavailable("nothing was asked")
        return outcome

    def _request(self, path: str, params: Mapping[str, str]) -> requests.PreparedRequest:
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json, */*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        if self.api_key and self.source.api_key_header:
            headers[self.source.api_key_header] = self.source.api_key_prefix + self.api_key
        url = self.source.base_url.rstrip("/") + path
        return requests.Request("GET", url, headers, params=params).prepare()

    def _late(self, pause_seconds: float, until: float, cost: int, yields: bool) -> SourceUnavailable | None:
        """Sleep for the pause and until our turn; an error, without sleeping, if that is too long."""
        if self.clock.seconds() + pause_seconds >= until:
            return self._unavailable("no time was left in this run to ask")
        if pause_seconds:
            self.clock.sleep(pause_seconds)
        seconds = self.limiter.wait(cost, until, yields=yields)
        if seconds is None:
            return None
        free = self.clock.now() + timedelta(seconds=seconds)
        return self._unavailable(f"rate limited by ourselves until {free:%Y-%m-%dT%H:%M:%SZ}")

    def _pause_seconds(self, outcome: Answer | SourceUnavailable, tried: int) -> float | None:
        jitter = self.clock.jitter()
        if isinstance(outcome, SourceUnavailable):
            return retries.pause_seconds(tried, jitter)
        least = self.limits.throttled_seconds if outcome.status == retries.THROTTLED else 0.0
        return retries.pause_seconds(tried, jitter, outcome.status, outcome.retry_after_seconds, least)

    def _tried(self, request: requests.PreparedRequest, until: float) -> Answer | SourceUnavailable:
        seconds = max(SHORTEST_TRY_SECONDS, min(self.limits.try_seconds, until - self.clock.seconds()))
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
        if isinstance(answer, Answer):
            self._heed(answer)
        return answer

    def _heed(self, answer: Answer) -> None:
        """Make every invocation wait where the source asks this one to slow down."""
        if answer.status == retries.THROTTLED:
            asked = max(answer.retry_after_seconds or 0.0, self.limits.throttled_seconds)
            self.limiter.hold(min(asked, LONGEST_THROTTLING_SECONDS))
        elif answer.used is not None and answer.used >= self.source.requests_per_minute:
            self.limiter.hold(MINUTE_SECONDS - answer.fetched_at.timestamp() % MINUTE_SECONDS)

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
                used=counted(headers.get(self.limits.used_header, "")),
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
