"""What is known of each stream, in one object: of each frame that comes, nothing else is looked up."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Stream:
    """``key`` and ``frame``, as received, are of the newest frame that was kept, ``received_at`` is its time,
    in microseconds since 1970; ``frames`` counts them. ``is_held`` while one of them is not drained yet."""

    source: str
    name: str
    market: str
    dataset: str
    key: int | None = None
    frame: bytes = b""
    received_at: int = 0
    frames: int = 0
    is_held: bool = False
