"""From a queue message to the objects it names, each to whoever reads its zone."""

from dataclasses import dataclass

from coinlake import keys
from coinlake.errors import BadEvent, BadKey, NotFound, TooLarge
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.s3_events import ObjectRef, created_objects
from notify.alerts import Run
from notify.markets import MarketWatch
from notify.observations import Unreadable
from notify.prices import PriceWatch
from notify.quarantine import QuarantineWatch


@dataclass(frozen=True, slots=True)
class Notifier:
    """Reads the events of one lake bucket."""

    bucket: str
    prices: PriceWatch
    quarantine: QuarantineWatch
    markets: MarketWatch

    def handle(self, body: str, run: Run) -> None:
        """Act on each object that the message names; what is no news of this lake is counted and done.

        Raises ``StoreUnavailable`` or ``LeaseHeld`` where the message must come again.
        """
        try:
            refs = created_objects(body)
        except BadEvent as reason:
            _ignore(reason)
            return
        for ref in refs:
            try:
                self._inspect(ref, run)
            except (BadEvent, BadKey, NotFound, TooLarge, Unreadable) as reason:
                _ignore(reason)

    def _inspect(self, ref: ObjectRef, run: Run) -> None:
        if ref.bucket != self.bucket:
            raise BadEvent("unexpected_bucket", ref.bucket[:80])
        if ref.key.startswith(keys.QUARANTINE):
            self.quarantine.inspect(keys.QuarantineKey.parse(ref.key), run)
        elif ref.key.startswith(keys.REFINED):
            self.markets.inspect(ref.key, run)
        else:
            self.prices.inspect(keys.TrustedKey.parse(ref.key), run)


def _ignore(reason: Exception) -> None:
    """A retry would read the same again, so the message is done."""
    logger.warning("event ignored", reason=str(reason))
    metrics.add_metric("EventsIgnored", MetricUnit.Count, 1)
