"""Asking one source: each request within the source's rate limit, and again where that may help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from coinlake import retries
from coinlake.errors import SourceUnavailable
from coinlake.http import MAX_BODY_BYTES, HttpClient, HttpResponse
from coinlake.retries import SOURCE_REQUEST, TOO_MANY_REQUESTS
from ingest.clock import Clock

MAX_THROTTLED_SECONDS: Final = 3600.0  # a 429 that asks for more is not believed by the others
MINUTE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """One source's bounds; ``throttled_seconds`` is the wait after a 429 that names none.

    ``used_header`` is the header in which the source counts what this address has used of its
    limit in this minute.
    """

    try_seconds: float = 15.0
    max_body_bytes: int = MAX_BODY_BYTES
    throttled_seconds: float = 1.0
    used_header: str = ""


class Limiter(Protocol):
    """How often the source may be asked, by all invocations together (``rate_limits.RateLimiter``)."""

    def acquire(self, cost: int, until: float, *, low_priority: bool) -> float | None: ...

    def hold(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class SourceClient:
    """One source's API. ``requests_per_minute`` counts what the source counts: at Binance, weight."""

    http: HttpClient
    limiter: Limiter
    requests_per_minute: int
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        until: float,
        *,
        cost: int = 1,
        low_priority: bool = False,
        is_retryable: Callable[[HttpResponse], bool] = lambda response: retries.is_retryable(response.status),
        apply_rate_limit: Callable[[HttpResponse], None] = lambda _: None,
    ) -> HttpResponse:
        """The last answer, whatever its status; ``until`` is a time of ``clock.seconds``.

        A retryable answer or a fault of the network is tried three times at most, each within the
        rate limit, and only as long as ``until`` allows. ``apply_rate_limit`` is told each answer before
        the next try, for what the source says of its limit in its own way. Raises
        ``SourceUnavailable`` when no whole answer came, and what else ``HttpClient.get`` raises.
        """
        outcome: HttpResponse | SourceUnavailable | None = None
        failures = 0
        while not SOURCE_REQUEST.is_exhausted(failures):
            refusal = self._wait(self._pause_seconds(outcome, failures), until, cost, low_priority)
            if refusal:
                outcome = outcome or refusal
                break
            outcome = self._try(path, params, until)
            if isinstance(outcome, HttpResponse):
                apply_rate_limit(outcome)
                if not is_retryable(outcome):
                    break
            failures += 1
        if isinstance(outcome, HttpResponse):
            return outcome
        raise outcome or self._unavailable("nothing was asked")

    def _wait(
        self, pause_seconds: float, until: float, cost: int, low_priority: bool
    ) -> SourceUnavailable | None:
        """Sleep for the pause and until the rate limit allows; an error, without sleeping, if too long."""
        if self.clock.seconds() + pause_seconds >= until:
            return self._unavailable("no time was left in this run to ask")
        if pause_seconds:
            self.clock.sleep(pause_seconds)
        seconds = self.limiter.acquire(cost, until, low_priority=low_priority)
        if seconds is None:
            return None
        free = self.clock.now() + timedelta(seconds=seconds)
        return self._unavailable(f"rate limited by ourselves until {free:%Y-%m-%dT%H:%M:%SZ}")

    def _try(self, path: str, params: Mapping[str, str], until: float) -> HttpResponse | SourceUnavailable:
        seconds = min(self.limits.try_seconds, until - self.clock.seconds())
        try:
            response = self.http.get(path, params, seconds)
        except SourceUnavailable as error:
            return error
        self._apply_rate_limit(response)
        return response

    def _pause_seconds(self, outcome: HttpResponse | SourceUnavailable | None, failures: int) -> float:
        """A Retry-After is honoured; else the pause doubles. Jitter keeps clients apart."""
        jitter = self.clock.jitter()
        backoff = SOURCE_REQUEST.seconds(failures, jitter)
        if not isinstance(outcome, HttpResponse):
            return backoff
        if outcome.retry_after_seconds is not None:
            return outcome.retry_after_seconds + jitter
        return max(backoff, self.limits.throttled_seconds if outcome.status == TOO_MANY_REQUESTS else 0.0)

    def _apply_rate_limit(self, response: HttpResponse) -> None:
        """Make every invocation wait where the source asks this one to slow down."""
        used = response.headers.get(self.limits.used_header, "")
        if response.status == TOO_MANY_REQUESTS:
            seconds = max(response.retry_after_seconds or 0.0, self.limits.throttled_seconds)
            self.limiter.hold(min(seconds, MAX_THROTTLED_SECONDS))
        elif used.isascii() and used.isdigit() and int(used[:9]) >= self.requests_per_minute:
            self.limiter.hold(MINUTE_SECONDS - response.fetched_at.timestamp() % MINUTE_SECONDS)

    def _unavailable(self, what: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self.http.source}: {what}")
