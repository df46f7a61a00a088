"""What a venue's message says: enough to sort a frame, to recognise a repeat, and to show its price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

MAX_FRAME_BYTES: Final = 1 << 20
_UNBROKEN: Final = bytes.maketrans(b"\r\n", b"  ")

T = TypeVar("T")

# What a venue raises for a frame that shows no price.
NO_PRICE: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


class BadFrame(ValueError):
    """A frame that cannot be kept."""


@dataclass(frozen=True, slots=True)
class Price:
    """What the table of latest prices shows; numbers are the venue's own digits.

    ``event_time`` is in microseconds since 1970; ``details`` maps further columns to numbers.
    """

    event_time: int
    price: str
    symbol: str
    details: Mapping[str, str]


class Frame(msgspec.Struct, gc=False):  # made for every frame: a third of a dataclass's time
    """One frame of data of one stream. ``key`` tells it from the stream's others.

    ``trade_ids`` are the ids of the trades in it, in order; empty where it is no frame of trades.
    """

    dataset: str
    stream: str
    market: str
    key: int
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


def decode(decoder: msgspec.json.Decoder[T], text: bytes) -> T:
    """The message; ``BadFrame`` for what is no JSON, or not of the decoder's type.

    Of values that the type does not name, msgspec refuses what JSON forbids, save bytes that are no UTF-8.
    """
    try:
        if not text.isascii():
            text.decode()
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadFrame from None


def iso_micros(text: Any, otherwise: int) -> int:
    """Microseconds since 1970 of an ISO-8601 time; ``otherwise`` where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    return int(moment.astimezone(UTC).timestamp() * 1_000_000)


def line(received_at: int, text: bytes) -> bytes:
    """One line of a batch: the frame exactly as received."""
    return b'{"received_at":%d,"frame":%b}\n' % (received_at, text)


def join_lines(lines: Sequence[bytes]) -> bytes:
    """Lines as a file has them: a line break inside of a frame becomes a space.

    In valid JSON a raw line break can only stand between values, never in a text.
    """
    text = b"".join(lines)
    if text.count(b"\n") > len(lines) or b"\r" in text:
        text = b"".join(line[:-1].translate(_UNBROKEN) + b"\n" for line in lines)
    return text
