"""When a request is worth repeating, and after how long. Pure: no clock, no sleep."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

TRIES: Final = 3
BACKOFF_SECONDS: Final = 1.0
THROTTLED: Final = 429
_TIMED_OUT: Final = 408
_SERVER_ERRORS: Final = range(500, 600)


def retriable(status: int) -> bool:
    """Whether the same request may be answered better in a while; never so for other 4xx."""
    return status in (_TIMED_OUT, THROTTLED) or status in _SERVER_ERRORS


def pause_seconds(
    tried: int,
    jitter: float,
    status: int | None = None,
    asked_seconds: float | None = None,
    least_seconds: float = 0.0,
) -> float | None:
    """How long to wait after ``tried`` tries; None if there is to be no other.

    ``status`` None means that no answer came. A Retry-After, ``asked_seconds``, is honoured; else
    the pause doubles with each try. ``jitter`` in [0, 1) keeps clients from returning together.
    """
    if tried >= TRIES or not (status is None or retriable(status)):
        return None
    if asked_seconds is not None:
        return asked_seconds + jitter
    return max(least_seconds, BACKOFF_SECONDS * 2.0 ** (tried - 1) * (1 + jitter) / 2)


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
