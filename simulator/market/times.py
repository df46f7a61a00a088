"""Times in UTC: their texts, and where the buckets of each interval begin."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONDAY: Final = 4 * DAY  # 1970-01-05, the first Monday of the clock
MONTH: Final = "1M"
# Binance's intervals; the other sources have some of them
SECONDS: Final = {
    "1m": MINUTE, "3m": 3 * MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "30m": 30 * MINUTE,
    "1h": HOUR, "2h": 2 * HOUR, "4h": 4 * HOUR, "6h": 6 * HOUR, "8h": 8 * HOUR, "12h": 12 * HOUR,
    "1d": DAY, "3d": 3 * DAY, "1w": WEEK,
}  # fmt: skip
INTERVALS: Final = (*SECONDS, MONTH)


def bucket_start(interval: str, seconds: float) -> int:
    """When the bucket that holds ``seconds`` begins."""
    if interval == MONTH:
        moment = datetime.fromtimestamp(seconds, UTC)
        return month_start(moment.year, moment.month)
    size = SECONDS[interval]
    shift = MONDAY if size == WEEK else 0
    return int((seconds - shift) // size) * size + shift


def next_start(interval: str, start: int) -> int:
    """When the bucket after the one that begins at ``start`` does."""
    return bucket_start(MONTH, start + 31 * DAY) if interval == MONTH else start + SECONDS[interval]


def starts_between(interval: str, start: float, end: float) -> Iterator[int]:
    """The buckets that begin in [start, end), oldest first."""
    bucket = bucket_start(interval, start)
    if bucket < start:
        bucket = next_start(interval, bucket)
    while bucket < end:
        yield bucket
        bucket = next_start(interval, bucket)


def starts_before(interval: str, newest: float) -> Iterator[int]:
    """The buckets that begin at ``newest`` or before, newest first, without end."""
    bucket = bucket_start(interval, newest)
    while True:
        yield bucket
        bucket = bucket_start(interval, bucket - 1)


def month_start(year: int, month: int) -> int:
    """The first second of a month; month 13 is January of the year after."""
    return int(datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC).timestamp())


def iso(seconds: float, timespec: str = "milliseconds") -> str:
    """``2026-11-20T00:00:58.599Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def parse_time(text: str) -> float:
    """Seconds since 1970 of UNIX seconds or an ISO-8601 time (UTC if it names no zone); ``ValueError``."""
    try:
        return float(text)
    except ValueError:
        parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
