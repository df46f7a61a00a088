"""reconcile: raw objects that no ledger entry commits go back on transform's queue.

Safe to run at any time, any number of times: transform skips what is committed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from coinlake.observability import MetricUnit, logger, metrics
from coinlake.queues import Queue
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from reconcile.comparison import Comparison, Days, compare

IN_FLIGHT_MINUTES: Final = 15  # a younger object's own event may still be on its way
MAX_KEYS_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Reconcile:
    """The stage over the ``raw`` and the ``lake`` bucket and ``queue``, which is transform's."""

    raw: ObjectStore
    lake: ObjectStore
    queue: Queue
    clock: Callable[[], datetime]

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Compare the days of ``event`` and requeue what is missing, each as S3 itself would send it.

        ``in_flight_minutes`` leaves objects younger than that to their own event. Raises
        ``BadConfiguration`` for an event without days, ``StoreUnavailable`` where AWS fails.
        """
        now = self.clock()
        settled = now - timedelta(minutes=event.get("in_flight_minutes", IN_FLIGHT_MINUTES))
        total = Comparison()
        for comparison in compare(self.raw, self.lake, Days.of_event(event, now.date()), settled):
            self.queue.send(created_event(ObjectRef(self.raw.bucket, key)) for key in comparison.missing)
            total.add(comparison)
        requeued = len(total.missing)
        metrics.add_metric("ObjectsRequeued", MetricUnit.Count, requeued)
        logger.info("compared raw with ledger", raw=total.raw, ledger=total.ledger, requeued=requeued)
        return {
            "raw": total.raw,
            "ledger": total.ledger,
            "requeued_count": requeued,
            "requeued": total.missing[:MAX_KEYS_SHOWN],
        }
