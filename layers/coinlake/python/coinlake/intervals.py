"""Candle intervals and slots: how scheduled times become names.

The canonical intervals are the set that Coinbase and Binance share, and CoinGecko's
30m, 4h and 4d; see docs/data-dictionary.md. All times are aware UTC.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from coinlake.errors import BadConfiguration

INTERVALS: Final = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "4d": timedelta(days=4),
}

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def duration(interval: str) -> timedelta:
    """The length of a canonical interval; ``BadConfiguration`` names the known ones."""
    try:
        return INTERVALS[interval]
    except KeyError:
        raise BadConfiguration(
            f"bad_interval: {interval!r} is not an interval; use one of {', '.join(INTERVALS)}"
        ) from None


def floor(moment: datetime, interval: str) -> datetime:
    """The start of the bucket that ``moment`` falls in, counted from the Unix epoch."""
    return EPOCH + (moment - EPOCH) // duration(interval) * duration(interval)


def parse_utc(text: str) -> datetime:
    """An ISO-8601 time with its zone, as UTC; a naive time is refused (``tz_required``)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadConfiguration(f"bad_time: {text[:80]!r} is not an ISO-8601 time") from None
    if moment.tzinfo is None:
        raise BadConfiguration(f"tz_required: {text!r} has no time zone; write {text}Z for UTC")
    return moment.astimezone(UTC)
