"""The demo's present: half a minute of the exchanges' websockets, followed into the ledger."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from coinlake.errors import NotFound
from coinlake.keys import RawKey
from ops.demo.waiting import Patience
from ops.progress import console, step
from ops.stack import Stack
from ops.status import report as status
from ops.status.feeds import raw_keys
from ops.stream import tables as collector_view
from ops.stream.collector import Collector

SECONDS: Final = 30
COMMIT_SECONDS: Final = 240
# What the live collector writes, whatever it listens to (functions/stream/README.md).
DATASETS: Final = ("tickers", "trades", "book_tickers", "klines", "trade_history", "stream_gaps")
SOURCES: Final = ("binance", "coinbase")


@dataclass(slots=True)
class Present:
    """The live collector of one demo, from ``start`` to ``follow``."""

    stack: Stack
    collector: Collector
    patience: Patience
    now: datetime
    until: float = field(default=0.0)

    def start(self, *, live: bool) -> None:
        """From now on frames are collected, while the demo goes on."""
        with step("Live collector listens"):
            self.collector.start(self.stack, live=live)
        self.until = time.monotonic() + SECONDS

    def follow(self) -> None:
        """Let its half minute pass, show what it heard, end it, and see every batch committed."""
        with step(f"Live for {SECONDS} s") as current:
            time.sleep(max(0.0, self.until - time.monotonic()))
            current.conclude(f"{self.collector.totals()['frames']:,} frames")
        console.print(collector_view.view(self.collector))
        with step("Collector sends what it holds and ends"):
            self.collector.process.stop()
        with step("Its frames become Parquet") as current:
            self.patience.until(self._uncommitted, COMMIT_SECONDS, "transform", current.say)

    def _uncommitted(self) -> str:
        left = sum(not self._committed(key) for key in self._batches())
        return f"{left:,} batches" if left else ""

    def _batches(self) -> Iterator[RawKey]:
        since = self.now.replace(microsecond=0)
        for day in sorted({self.now.date(), status.now().date()}):
            for source in SOURCES:
                for dataset in DATASETS:
                    found = raw_keys(self.stack, source, dataset, day)
                    yield from (key for key in found if key.slot.time >= since)

    def _committed(self, key: RawKey) -> bool:
        try:
            self.stack.lake.head(str(key.ledger()))
        except NotFound:
            return False
        return True
