"""What the collector counts of itself, and what CloudWatch gets of it each minute."""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from coinlake.observability import MetricUnit, add_if_any, metrics


@dataclass(slots=True)
class Counters:
    """Since the start; ``last_frame_at`` is the last frame's receive time, in microseconds since 1970,
    ``refilling`` how many trades are being asked of REST at this moment."""

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
    refilling: int = 0
    latest_written: int = 0
    latest_stale: int = 0
    latest_errors: int = 0
    last_frame_at: int = 0


@dataclass(slots=True)
class MetricsReporter:
    """Embedded metric format on standard output. ``FramesReceived`` is the heartbeat: it is reported
    each minute, also when it is 0, and its absence raises an alarm."""

    counters: Counters
    gauges: Callable[[], dict[str, float]]
    reported: Counters = field(default_factory=Counters)

    async def run(self, seconds: float) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            self.report()

    def report(self) -> None:
        """What was counted since the last report."""
        now, before = self.counters, self.reported
        metrics.add_metric("FramesReceived", MetricUnit.Count, now.frames - before.frames)
        metrics.add_metric("RowsUploaded", MetricUnit.Count, now.uploaded_rows - before.uploaded_rows)
        gauges = self.gauges()
        metrics.add_metric("LagSeconds", MetricUnit.Seconds, gauges["lag_seconds"])
        metrics.add_metric("SpoolBytes", MetricUnit.Bytes, gauges["spool_bytes"])
        add_if_any("FramesDropped", now.dropped - before.dropped)
        add_if_any("Reconnects", now.reconnects - before.reconnects)
        add_if_any("TradesLost", now.refill_failed - before.refill_failed)
        metrics.flush_metrics()
        self.reported = copy.copy(now)
