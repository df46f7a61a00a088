"""Request limits of the two sources, per client, on the simulator's clock."""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

MINUTE: Final = 60.0


class PerMinute:
    """At most ``limit`` requests in any 60 seconds (CoinGecko)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait(self, client: str, limit: int) -> float:
        """Count one request: 0 if it is within the limit, else the seconds until one would be."""
        now, seen = self.clock(), self.seen[client]
        while seen and seen[0] <= now - MINUTE:
            seen.popleft()
        if len(seen) >= limit:
            return seen[0] + MINUTE - now
        seen.append(now)
        return 0.0


class TokenBucket:
    """``rate`` requests a second with bursts of ``burst`` (Coinbase Exchange)."""

    def __init__(self, clock: Callable[[], float], rate: float, burst: int) -> None:
        self.clock = clock
        self.rate = rate
        self.burst = burst
        self.levels: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> bool:
        """Whether this request still fits."""
        now = self.clock()
        tokens, since = self.levels.get(client, (float(self.burst), now))
        tokens = min(self.burst, tokens + max(0.0, now - since) * self.rate)
        fits = tokens >= 1
        self.levels[client] = (tokens - 1 if fits else tokens, now)
        return fits
