"""What was not received, written down: the lines of the dataset ``stream_gaps``.

{"received_at": <µs>, "frame": {"stream", "reason", "from", "to", "first_id", "last_id", "frames"}}

``from`` and ``to`` are microseconds since 1970; ids are of trades; ``frames`` is how many frames are
known to be missing. Each of the last three is null where nobody can know.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

DATASET: Final = "stream_gaps"
DISCONNECTED: Final = "disconnected"
BACKPRESSURE: Final = "backpressure"
SPOOL_FULL: Final = "spool_full"
TOO_LARGE: Final = "too_large"
BAD_FRAME: Final = "bad_frame"
REFILL_FAILED: Final = "refill_failed"
RESTARTED: Final = "restarted"


@dataclass(slots=True)
class Gap:
    """One gap of one stream, in microseconds since 1970."""

    stream: str
    reason: str
    start: int
    end: int
    first_id: int | None = None
    last_id: int | None = None
    frames: int | None = None

    def add_frame(self, moment: int, trade_ids: Sequence[int]) -> None:
        """One more frame was lost, at ``moment``."""
        self.end = max(self.end, moment)
        self.frames = (self.frames or 0) + 1
        for number in trade_ids:
            self.first_id = number if self.first_id is None else min(self.first_id, number)
            self.last_id = number if self.last_id is None else max(self.last_id, number)

    def line(self, received_at: int) -> bytes:
        frame = {
            "stream": self.stream,
            "reason": self.reason,
            "from": self.start,
            "to": self.end,
            "first_id": self.first_id,
            "last_id": self.last_id,
            "frames": self.frames,
        }
        return (
            json.dumps({"received_at": received_at, "frame": frame}, separators=(",", ":")).encode() + b"\n"
        )


def given_up(frame: Any) -> tuple[str, int, int] | None:
    """The stream and the ids that a kept line says will never come; None of any other line."""
    if frame.get("reason") != REFILL_FAILED:
        return None
    first, last = frame.get("first_id"), frame.get("last_id")
    return (frame["stream"], first, last) if type(first) is int and type(last) is int else None
