"""Request limits of the sources, per client, on the simulator's clock."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60.0
PATIENCE: Final = 10  # refusals in a row before a ban
FIRST_BAN: Final = 120.0
LONGEST_BAN: Final = 259_200.0


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


@dataclass(frozen=True, slots=True)
class Ban:
    """Shut out until ``until`` (seconds since 1970), ``wait`` seconds from now."""

    until: float
    wait: float


class Weights:
    """Binance: ``limit`` of weight in a minute of the clock, and a ban for whoever ignores its refusals.

    The first ban lasts two minutes, each one after it twice as long, up to three days.
    """

    def __init__(self, clock: Callable[[], float], limit: int | None) -> None:
        self.clock = clock
        self.limit = limit
        self.minutes: dict[str, tuple[int, int]] = {}
        self.refusals: Counter[str] = Counter()
        self.bans: dict[str, Ban] = {}
        self.banned: Counter[str] = Counter()

    def used(self, client: str) -> int:
        """The client's weight in this minute."""
        minute, weight = self.minutes.get(client, (0, 0))
        return weight if minute == int(self.clock() // MINUTE) else 0

    def add(self, client: str, weight: int) -> float | Ban | None:
        """None if the request is within the limit, else the seconds to wait, or the ban."""
        now = self.clock()
        ban = self.bans.get(client)
        if ban and now < ban.until:
            return Ban(ban.until, ban.until - now)
        self.minutes[client] = (int(now // MINUTE), self.used(client) + weight)
        if self.limit is None or self.used(client) <= self.limit:
            self.refusals[client] = 0
            return None
        self.refusals[client] += 1
        if self.refusals[client] <= PATIENCE:
            return MINUTE - now % MINUTE
        return self._ban(client, now)

    def _ban(self, client: str, now: float) -> Ban:
        length = min(LONGEST_BAN, FIRST_BAN * 2 ** self.banned[client])
        self.banned[client] += 1
        self.refusals[client] = 0
        self.bans[client] = Ban(now + length, length)
        return self.bans[client]
