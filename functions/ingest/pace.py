"""How often a source may be asked: its ``requests_per_minute``, without bursts."""

from collections import deque
from typing import Final

MINUTE_SECONDS: Final = 60.0
LONGEST_GAP_SECONDS: Final = 1.0


class Pace:
    """At most ``per_minute`` requests in any minute, evenly spread, but at most a second apart.

    A small allowance, CoinGecko's five a minute without a key, lets the two pages of a feed
    follow each other at once; a large one, Coinbase's, never bursts past its limit per second.
    Times are seconds of any one monotonic clock. A warm function keeps its pace between runs.
    """

    def __init__(self, per_minute: int) -> None:
        self._gap_seconds = min(LONGEST_GAP_SECONDS, MINUTE_SECONDS / per_minute)
        self._sent: deque[float] = deque(maxlen=per_minute)

    def wait_seconds(self, now: float) -> float:
        """How long to wait before the next request; 0 if it may go now."""
        if not self._sent:
            return 0.0
        free = self._sent[-1] + self._gap_seconds
        if len(self._sent) == self._sent.maxlen:
            free = max(free, self._sent[0] + MINUTE_SECONDS)
        return max(0.0, free - now)

    def sent(self, now: float) -> None:
        """Count a request; a failed one counts as well, as sources count it."""
        self._sent.append(now)
