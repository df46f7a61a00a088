"""What is known of each stream, in one object: of each frame that comes, nothing else is looked up."""

from dataclasses import dataclass

Topic = tuple[str, str]  # source and dataset


@dataclass(slots=True, eq=False)
class Stream:
    """``key`` and ``frame``, as received, are of the newest frame that was kept, ``received_at`` is its time,
    in microseconds since 1970; ``frames`` counts them. ``is_held`` while one of them is not drained yet."""

    topic: Topic
    name: str
    market: str
    key: int | None = None
    frame: bytes = b""
    received_at: int = 0
    frames: int = 0
    is_held: bool = False

    @property
    def source(self) -> str:
        return self.topic[0]

    @property
    def dataset(self) -> str:
        return self.topic[1]
