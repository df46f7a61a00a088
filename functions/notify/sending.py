"""Sending an alert once: lease, publish, mark. The only file that speaks to SNS.

A crash before the publish leaves a lease that ends by itself, and the redelivery mails. A
crash between publish and mark mails twice: e-mail has no way to ask whether it was sent.
"""

from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.stores import error_code
from notify.alerts import Alert, Mail, Run
from notify.state import State


@dataclass(frozen=True, slots=True)
class AlertsTopic:
    """Whoever subscribed to it, by e-mail or otherwise, gets each mail once published."""

    client: Any
    arn: str

    def publish(self, mail: Mail) -> None:
        """Raise ``StoreUnavailable`` unless SNS has taken the mail."""
        try:
            self.client.publish(TopicArn=self.arn, Subject=mail.subject, Message=mail.body)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not publish to {self.arn}: {error_code(error)}") from error


@dataclass(frozen=True, slots=True)
class Sender:
    """The ``Outbox`` that mails."""

    state: State
    topic: AlertsTopic
    environment: str

    def send(self, alert: Alert, run: Run) -> bool:
        """Mail the alert unless it was mailed or its topic is in cooldown; say whether it was mailed.

        Raises ``StoreUnavailable`` or ``LeaseHeld`` where it is not known to be settled: the
        event must come again.
        """
        alert = replace(alert, mail=alert.mail.addressed(self.environment))
        if not self.state.acquire(alert, run):
            logger.info("alert is settled already", topic=alert.topic, alert_id=alert.id)
            return False
        try:
            self.topic.publish(alert.mail)
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
