"""When to try again, and after how long: the one back-off, and the one table of its numbers.

Pure: no clock, no sleep. tenacity would do the same in its own loop, but none of the callers has a
loop of its kind (a Retry-After and a rate limit decide, or a count that outlives the call), and
importing it costs each cold start about 7 ms of a whole CPU, of which ingest has a seventh.
boto3 retries by itself: see ``coinlake.clients``.
"""

import random
from dataclasses import dataclass
from typing import Final

TOO_MANY_REQUESTS: Final = 429
_REQUEST_TIMEOUT: Final = 408
_SERVER_ERRORS: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double from ``first_seconds`` to ``max_seconds``, for ``attempts`` tries in all.

    Only ``min_share`` of a pause is certain, the rest is random, so that clients which failed
    together do not return together. Without ``attempts`` there is no last try.
    """

    first_seconds: float
    max_seconds: float
    attempts: int | None = None
    min_share: float = 0.0

    def seconds(self, failures: int, jitter: float | None = None) -> float:
        """The pause after so many failures, 0 after none; ``jitter`` in [0, 1) is drawn unless given."""
        if failures < 1:
            return 0.0
        chance = random.random() if jitter is None else jitter  # noqa: S311 - not a secret
        longest = min(self.max_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        return longest * (self.min_share + (1 - self.min_share) * chance)

    def is_exhausted(self, failures: int) -> bool:
        """Whether the last of the attempts has failed."""
        return self.attempts is not None and failures >= self.attempts


# One request to a source's REST API (ingest). A Retry-After of the source goes before it.
SOURCE_REQUEST: Final = Backoff(first_seconds=1.0, max_seconds=4.0, attempts=3, min_share=0.5)
# A refined partition that another run replaced meanwhile (refine).
REFINED_WRITE: Final = Backoff(first_seconds=0.05, max_seconds=2.0, attempts=20)
# A batch of frames on its way to raw (stream); the spool holds it as long as it takes.
UPLOAD: Final = Backoff(first_seconds=1.0, max_seconds=30.0)
# A websocket that cannot be opened (stream).
RECONNECT: Final = Backoff(first_seconds=1.0, max_seconds=60.0)
# The table of latest prices (stream); only the newest price of a stream waits.
LATEST_PRICE: Final = Backoff(first_seconds=0.5, max_seconds=30.0)
# Trades that REST did not give (stream): asked for so often, always after the same pause.
TRADE_REFILL: Final = Backoff(first_seconds=2.0, max_seconds=2.0, attempts=6, min_share=1.0)

# Whether Redshift is done with a batch of statements (load); the first call of a day wakes it.
REDSHIFT_POLL: Final = Backoff(first_seconds=0.2, max_seconds=3.0, min_share=1.0)
# A transaction that Redshift aborted for another's sake (load).
REDSHIFT_TRANSACTION: Final = Backoff(first_seconds=1.0, max_seconds=8.0, attempts=4, min_share=0.5)


def is_retryable(status: int) -> bool:
    """Whether the same request may be answered better in a while: 408, 429 and 5xx; never another 4xx."""
    return status in (_REQUEST_TIMEOUT, TOO_MANY_REQUESTS) or status in _SERVER_ERRORS
