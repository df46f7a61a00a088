"""Sending an alert once: lease, publish, mark.

A crash before the publish leaves a lease that ends by itself, and the redelivery mails. A
crash between publish and mark mails twice: e-mail has no way to ask whether it was sent.
"""

from dataclasses import dataclass, replace

from coinlake.errors import StoreUnavailable
from coinlake.observability import MetricUnit, logger, metrics
from notify.alerts import Alert, Run
from notify.mail import AlertsTopic
from notify.state import State


@dataclass(frozen=True, slots=True)
class Sender:
    """Where alerts go out."""

    state: State
    topic: AlertsTopic
    environment: str

    def send(self, alert: Alert, run: Run) -> bool:
        """Mail the alert unless it was mailed or its topic is in cooldown; say whether it was mailed.

        Raises ``StoreUnavailable`` or ``LeaseHeld`` where it is not known to be settled: the
        event must come again.
        """
        alert = replace(alert, message=alert.message.addressed(self.environment))
        if not self.state.acquire(alert, run):
            logger.info("alert is settled already", topic=alert.topic, alert_id=alert.id)
            return False
        try:
            self.topic.publish(alert.message)
        except StoreUnavailable:
            self._release(alert)
            raise
        self.state.mark_sent(alert, run)
        logger.info("alert sent", topic=alert.topic, alert_id=alert.id)
        metrics.add_metric("AlertsSent", MetricUnit.Count, 1)
        return True

    def _release(self, alert: Alert) -> None:
        try:
            self.state.release(alert)
        except StoreUnavailable as error:
            # The publish's own failure is the one to report; the lease ends by itself.
            logger.warning("lease not released", topic=alert.topic, reason=str(error))
