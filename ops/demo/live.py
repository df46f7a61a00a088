"""The demo's live part: half a minute of the exchanges' websockets, followed into the ledger."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from coinlake import sources
from coinlake.keys import RawKey
from ops import dates, waiting
from ops.demo.landing import LandingWait
from ops.progress import console, step
from ops.stack import Stack
from ops.status.feeds import raw_keys
from ops.stream import tables
from ops.stream.collector import Collector

CAPTURE_SECONDS: Final = 30
COMMIT_SECONDS: Final = 240
# What the live collector writes, whatever it listens to (functions/stream/README.md).
DATASETS: Final = ("tickers", "trades", "book_tickers", "klines", "trade_history", "stream_gaps")


@dataclass(slots=True)
class LiveCapture:
    """The live collector of one demo, from ``start`` to ``finish``."""

    stack: Stack
    collector: Collector
    wait: LandingWait
    now: datetime
    ends_at: float = field(default=0.0)  # on the monotonic clock

    def start(self, *, live: bool) -> None:
        """From now on frames are collected, while the demo goes on."""
        with step("Live collector listens"):
            self.collector.start(self.stack, live=live)
        self.ends_at = time.monotonic() + CAPTURE_SECONDS

    def finish(self) -> None:
        """Let its half minute pass, show what it received, end it, wait until each batch is committed."""
        with step(f"Live for {CAPTURE_SECONDS} s") as current:
            time.sleep(max(0.0, self.ends_at - time.monotonic()))
            current.conclude(f"{self.collector.totals()['frames']:,} frames")
        console.print(tables.view(self.collector))
        with step("Collector uploads what it holds and stops"):
            self.collector.process.stop()
        with step("Its frames become Parquet") as current:
            self.wait.until(self._pending, COMMIT_SECONDS, "transform", current.say)

    def _pending(self) -> str:
        left = len(waiting.uncommitted(self.stack.lake, self._batches()))
        return f"{left:,} batches" if left else ""

    def _batches(self) -> Iterator[RawKey]:
        since = self.now.replace(microsecond=0)
        for day in sorted({self.now.date(), dates.now().date()}):
            for name, source in sources.catalog().items():
                for dataset in DATASETS if source.websocket else ():
                    batches = raw_keys(self.stack, name, dataset, day)
                    yield from (key for key in batches if key.slot.time >= since)
