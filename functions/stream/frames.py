"""What a frame says of itself: enough to sort it, to know it again, and to show its price."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_FRAME_BYTES: Final = 1 << 20
_UNBROKEN: Final = str.maketrans("\r\n", "  ")


class BadFrame(Exception):
    """A frame that cannot be kept; ``code`` says why."""

    def __init__(self, code: str, text: object) -> None:
        super().__init__(code)
        self.code = code
        self.start = str(text)[:80]


@dataclass(frozen=True, slots=True)
class Price:
    """What the table of latest prices shows; numbers are the venue's own digits."""

    event_time: int
    price: str
    symbol: str
    more: Mapping[str, str]


@dataclass(slots=True)
class Frame:
    """One frame of data. ``key`` tells it from the stream's others; of a trade it is the trade's id.

    ``data`` is the message as decoded.
    """

    dataset: str
    stream: str
    market: str
    key: int
    data: Mapping[str, Any]
    price: "Callable[[Frame, int], Price]"

    @property
    def is_trade(self) -> bool:
        return self.dataset == TRADES


@dataclass(frozen=True, slots=True)
class Reply:
    """The venue's answer to a subscription: accepted, or what it complains of."""

    complaint: str | None = None


@dataclass(frozen=True, slots=True)
class Farewell:
    """The venue is about to end this connection."""


@dataclass(frozen=True, slots=True)
class Noise:
    """A message that is neither data nor an answer, such as a heartbeat."""


Message = Frame | Reply | Farewell | Noise
TRADES: Final = "trades"


def decoded(text: str | bytes) -> Mapping[str, Any]:
    """The JSON object of a text frame; ``BadFrame`` for anything else."""
    if isinstance(text, bytes):
        raise BadFrame("bad_frame", "a binary frame")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame("bad_frame", text) from None
    if type(message) is not dict:
        raise BadFrame("bad_frame", text)
    return message


def line(received_at: int, text: str) -> str:
    """One line of a batch: the frame exactly as received, save that its line breaks are spaces.

    In valid JSON a raw line break can only stand between values, never in a text.
    """
    if "\n" in text or "\r" in text:
        text = text.translate(_UNBROKEN)
    return f'{{"received_at":{received_at},"frame":{text}}}\n'
