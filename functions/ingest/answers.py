"""What a source answers, and within which bounds it is asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

OK: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered. ``url`` holds no secret; the ``body`` of an error holds no key of ours.

    ``used`` is what the source says this address has used of its limit in this minute;
    ``unlisted`` names what was wanted of this answer and is not listed at the source.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    fetched_at: datetime
    retry_after_seconds: float | None = None
    used: int | None = None
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """One client's bounds; ``throttled_seconds`` is the wait after a 429 that names none.

    ``used_header`` is the header in which the source counts what was used of its limit.
    """

    try_seconds: float = 15.0
    max_bytes: int = 16 << 20
    throttled_seconds: float = 1.0
    used_header: str = ""


def counted(header: str) -> int | None:
    """A header that holds a count; None if it does not."""
    return int(header[:9]) if header.isascii() and header.isdigit() else None
