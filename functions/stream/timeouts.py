"""How long everything may take. The defaults are for the venues; tests use shorter times."""

from dataclasses import dataclass
from typing import Final

from coinlake.retries import TRADE_REFILL

# The venue's pings come each 20 s; ours must find out sooner than it cuts, after a minute.
PING_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """A connection is half-open when no pong comes within ``pong_seconds`` of our ping; it is stale,
    and replaced, when pongs come but no frame within ``silence_seconds``.

    ``lifetime`` scales the venue's planned reconnect. Frames are on disk ``commit_seconds`` after
    they came. A hole in the trades' ids is refilled after ``settle_seconds``, which a second socket
    that lags may fill. For ``overlap_seconds`` a replaced socket stays open beside its successor. A
    stop takes at most ``stop_seconds``.
    """

    open_seconds: float = 10.0
    reply_seconds: float = 10.0
    ping_seconds: float = PING_SECONDS
    pong_seconds: float = 15.0
    silence_seconds: float = 120.0
    close_seconds: float = 2.0
    lifetime: float = 1.0
    overlap_seconds: float = 5.0
    healthy_seconds: float = 60.0
    commit_seconds: float = 0.2
    settle_seconds: float = 1.0
    refill_retry_seconds: float = TRADE_REFILL.first_seconds
    stop_seconds: float = 25.0
    metrics_seconds: float = 60.0
