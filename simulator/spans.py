"""Binance's intervals: where a bucket begins and where the next one does, UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONDAY: Final = 4 * DAY  # 1970-01-05, the first Monday of the clock
MONTH: Final = "1M"
SECONDS: Final = {
    "1m": MINUTE, "3m": 3 * MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "30m": 30 * MINUTE,
    "1h": HOUR, "2h": 2 * HOUR, "4h": 4 * HOUR, "6h": 6 * HOUR, "8h": 8 * HOUR, "12h": 12 * HOUR,
    "1d": DAY, "3d": 3 * DAY, "1w": WEEK,
}  # fmt: skip
INTERVALS: Final = (*SECONDS, MONTH)


def opening(interval: str, seconds: float) -> int:
    """When the bucket that holds ``seconds`` begins."""
    if interval == MONTH:
        moment = datetime.fromtimestamp(seconds, UTC)
        return month_start(moment.year, moment.month)
    size = SECONDS[interval]
    shift = MONDAY if size == WEEK else 0
    return int((seconds - shift) // size) * size + shift


def following(interval: str, start: int) -> int:
    """When the bucket after the one that begins at ``start`` does."""
    return opening(MONTH, start + 31 * DAY) if interval == MONTH else start + SECONDS[interval]


def openings(interval: str, start: float, end: float) -> Iterator[int]:
    """The buckets that begin in [start, end), oldest first."""
    bucket = opening(interval, start)
    if bucket < start:
        bucket = following(interval, bucket)
    while bucket < end:
        yield bucket
        bucket = following(interval, bucket)


def openings_back(interval: str, newest: float) -> Iterator[int]:
    """The buckets that begin at ``newest`` or before, newest first, without end."""
    bucket = opening(interval, newest)
    while True:
        yield bucket
        bucket = opening(interval, bucket - 1)


def month_start(year: int, month: int) -> int:
    """The first second of a month; month 13 is January of the year after."""
    return int(datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC).timestamp())
