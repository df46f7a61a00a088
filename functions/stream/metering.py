"""What CloudWatch is told each minute, in embedded metric format on standard output."""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from coinlake.observability import MetricUnit, add_if_any, metrics
from stream.counters import Counters


@dataclass(slots=True)
class Meter:
    """``FramesReceived`` is the heartbeat: it is told each minute, even of none, and its absence alarms."""

    counters: Counters
    gauges: Callable[[], dict[str, float]]
    told: Counters = field(default_factory=Counters)

    async def run(self, seconds: float) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            self.tell()

    def tell(self) -> None:
        """What came since the last time."""
        now, before = self.counters, self.told
        metrics.add_metric("FramesReceived", MetricUnit.Count, now.frames - before.frames)
        metrics.add_metric("RowsUploaded", MetricUnit.Count, now.uploaded_rows - before.uploaded_rows)
        gauges = self.gauges()
        metrics.add_metric("LagSeconds", MetricUnit.Seconds, gauges["lag_seconds"])
        metrics.add_metric("SpoolBytes", MetricUnit.Bytes, gauges["spool_bytes"])
        add_if_any("FramesDropped", now.dropped - before.dropped)
        add_if_any("Reconnects", now.reconnects - before.reconnects)
        add_if_any("TradesLost", now.refill_failed - before.refill_failed)
        metrics.flush_metrics()
        self.told = copy.copy(now)
