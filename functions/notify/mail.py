"""The alerts topic. The only file that speaks to SNS."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.stores import error_code
from notify.alerts import Message


@dataclass(frozen=True, slots=True)
class AlertsTopic:
    """Whoever subscribed to it, by e-mail or otherwise, gets each message once published."""

    client: Any
    arn: str

    def publish(self, message: Message) -> None:
        """Raise ``StoreUnavailable`` unless SNS has taken the message."""
        try:
            self.client.publish(TopicArn=self.arn, Subject=message.subject, Message=message.body)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not publish to {self.arn}: {error_code(error)}") from error
