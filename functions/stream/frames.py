"""What a venue's message says: enough to sort a frame, to recognise a repeat, and to show its price."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

MAX_FRAME_BYTES: Final = 1 << 20
_UNBROKEN: Final = str.maketrans("\r\n", "  ")


class BadFrame(Exception):
    """A frame that cannot be kept; ``code`` says why, ``start`` is its first 80 characters."""

    def __init__(self, code: str, text: object) -> None:
        super().__init__(code)
        self.code = code
        self.start = str(text)[:80]


@dataclass(frozen=True, slots=True)
class Price:
    """What the table of latest prices shows; numbers are the venue's own digits.

    ``event_time`` is in microseconds since 1970; ``details`` maps further columns to numbers.
    """

    event_time: int
    price: str
    symbol: str
    details: Mapping[str, str]


@dataclass(slots=True)
class Frame:
    """One frame of data of one stream. ``key`` tells it from the stream's others.

    ``trade_ids`` are the ids of the trades in it, in order; empty where it is no frame of trades.
    ``data`` is the message as decoded.
    """

    dataset: str
    stream: str
    market: str
    key: int
    data: Mapping[str, Any]
    price: "Callable[[Frame, int], Price]"
    trade_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The venue's answer to a subscription: accepted, or the ``error`` that it names.

    ``market`` is set where the venue answers for each market of a message by itself: the part before
    the @ of the stream's name. None is an answer to the whole message.
    """

    error: str | None = None
    market: str | None = None


@dataclass(frozen=True, slots=True)
class ShutdownNotice:
    """The venue is about to end this connection."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that is neither data nor an answer, such as a heartbeat."""


Message = Frame | Reply | ShutdownNotice | Ignored


def decoded(text: str | bytes, parse_float: Callable[[str], Any] | None = None) -> Mapping[str, Any]:
    """The JSON object of a text frame; ``BadFrame`` for anything else.

    ``parse_float=str`` keeps the digits of a venue that sends its prices as numbers.
    """
    if isinstance(text, bytes):
        raise BadFrame("bad_frame", "a binary frame")
    try:
        message = json.loads(text) if parse_float is None else json.loads(text, parse_float=parse_float)
    except (ValueError, RecursionError):
        raise BadFrame("bad_frame", text) from None
    if type(message) is not dict:
        raise BadFrame("bad_frame", text)
    return message


def iso_micros(text: Any, otherwise: int) -> int:
    """Microseconds since 1970 of an ISO-8601 time; ``otherwise`` where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    return int(moment.astimezone(UTC).timestamp() * 1_000_000)


def line(received_at: int, text: str) -> str:
    """One line of a batch: the frame exactly as received, save that its line breaks are spaces.

    In valid JSON a raw line break can only stand between values, never in a text.
    """
    if "\n" in text or "\r" in text:
        text = text.translate(_UNBROKEN)
    return f'{{"received_at":{received_at},"frame":{text}}}\n'
