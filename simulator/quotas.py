"""How often, and with which key, a source may be requested, and the counters of its limits."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request

from coinlake.sources import catalog

MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Quotas:
    """Where this run departs from what the sources grant; each mapping is by source.

    ``keys`` are the only ones accepted (a source that is not named takes any key). ``limits`` are
    requests a minute, at Binance weight; ``credits`` are credits a month. 0 stands for no limit.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    credits: Mapping[str, int] = field(default_factory=dict)

    def accepts(self, source: str, key: str) -> bool:
        """Whether a key was given and is accepted."""
        return bool(key) and self.keys.get(source) in {None, key}

    def per_minute(self, source: str, default: int) -> int | None:
        """The limit in force; None for no limit. ``default`` is what the source is known to allow."""
        return self.limits.get(source, default) or None

    def credits_per_month(self, source: str) -> int | None:
        """The credits of a month, by default those of the source's default plan; None for no limit."""
        known = catalog()[source]
        return self.credits.get(source, known.plans[known.default_plan].credits_per_month or 0) or None


def authorization_key(request: Request, scheme: str) -> str:
    """The key of an ``Authorization`` header of that scheme; empty if there is none."""
    name, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if name.lower() == scheme.lower() else ""


def client_address(request: Request) -> str:
    """The client address that a limit by address counts."""
    return request.client.host if request.client else "unknown"


class MinuteWindow:
    """A number of requests in any 60 seconds, per client."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.times: defaultdict[str, deque[float]] = defaultdict(deque)

    def acquire(self, client: str, limit: int) -> float:
        """Count one request: 0 if it is within the limit, else the seconds until one would be."""
        now, times = self.clock(), self.times[client]
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= limit:
            return times[0] + MINUTE - now
        times.append(now)
        return 0.0


class TokenBucket:
    """``rate`` requests a second with bursts of ``burst``, per client."""

    def __init__(self, clock: Callable[[], float], rate: float, burst: int) -> None:
        self.clock = clock
        self.rate = rate
        self.burst = burst
        self.levels: dict[str, tuple[float, float]] = {}

    def acquire(self, client: str) -> bool:
        """Whether this request still fits."""
        now = self.clock()
        tokens, since = self.levels.get(client, (float(self.burst), now))
        tokens = min(self.burst, tokens + max(0.0, now - since) * self.rate)
        fits = tokens >= 1
        self.levels[client] = (tokens - 1 if fits else tokens, now)
        return fits


class CreditBalance:
    """A month's credits by key; they are reset at the start of a month (UTC)."""

    def __init__(self, clock: Callable[[], float], monthly: int | None) -> None:
        self.clock = clock
        self.monthly = monthly
        self.spent: Counter[tuple[str, str]] = Counter()

    def left(self, key: str) -> float:
        """The credits left; infinity without a limit."""
        return float("inf") if self.monthly is None else self.monthly - self.spent[key, self._month()]

    def spend(self, key: str, cost: int) -> None:
        """Take what an answer cost, even if it is more than was left."""
        self.spent[key, self._month()] += cost

    def _month(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m")
