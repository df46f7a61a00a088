"""What notify does: each object that an event names goes to whoever reads its zone, a watch to the watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coinlake import keys
from coinlake.batches import process
from coinlake.errors import BadEvent, BadKey, NotFound, TooLarge
from coinlake.keys import QuarantineKey, RefinedKey, TrustedKey
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.s3_events import ObjectRef, created_objects
from notify.alerts import Run
from notify.markets import MarketAlerts
from notify.prices import PriceAlerts
from notify.quarantine import QuarantineNotices
from notify.rules.observations import Unreadable
from notify.watch import Watch


@dataclass(frozen=True, slots=True)
class Notify:
    """The stage; ``bucket`` is the lake's, whose events it reads."""

    bucket: str
    prices: PriceAlerts
    markets: MarketAlerts
    quarantine: QuarantineNotices
    watch: Watch

    def handle(self, event: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """``{"watch": <its scheduled time>}``, or a batch of the queue: the response names the messages
        that must come again.

        Raises ``WatchIncomplete``, or ``BatchFailed`` where every message failed.
        """
        if "watch" in event:
            self.watch.check(event["watch"], run)
        return process(event.get("Records", ()), lambda body: self.on_message(body, run))

    def on_message(self, body: str, run: Run) -> None:
        """Act on each object that the message names. What is no news of this lake is counted and done:
        a retry would read the same again.

        Raises ``StoreUnavailable`` or ``LeaseHeld`` where the message must come again.
        """
        try:
            created = created_objects(body)
        except BadEvent as reason:
            _ignore(reason)
            return
        for fault in created.faults:
            _ignore(fault)
        for ref in created.objects:
            try:
                self._on_object(ref, run)
            except (BadEvent, BadKey, NotFound, TooLarge, Unreadable) as reason:
                _ignore(reason)

    def _on_object(self, ref: ObjectRef, run: Run) -> None:
        if ref.bucket != self.bucket:
            raise BadEvent("unexpected_bucket", ref.bucket[:80])
        if ref.key.startswith(keys.QUARANTINE):
            self.quarantine.on_object(QuarantineKey.parse(ref.key), run)
        elif ref.key.startswith(keys.REFINED):
            self.markets.on_object(RefinedKey.parse(ref.key), run)
        else:
            self.prices.on_object(TrustedKey.parse(ref.key), run)


def _ignore(reason: Exception) -> None:
    logger.warning("event ignored", reason=str(reason))
    metrics.add_metric("EventsIgnored", MetricUnit.Count, 1)
