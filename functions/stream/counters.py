"""What the collector counts of itself, for metrics, /healthz and the live table."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Since the start; ``heard_at`` is the last frame's receive time, in microseconds since 1970."""

    frames: int = 0
    repeated: int = 0
    dropped: int = 0
    bad: int = 0
    committed: int = 0
    uploaded_rows: int = 0
    uploaded_batches: int = 0
    upload_errors: int = 0
    gaps: int = 0
    reconnects: int = 0
    refilled: int = 0
    refill_failed: int = 0
    refilling: int = 0  # asked of REST at this moment
    latest_written: int = 0
    latest_stale: int = 0
    latest_errors: int = 0
    heard_at: int = 0
    streams: dict[str, int] = field(default_factory=dict)
