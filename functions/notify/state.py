"""What notify remembers between invocations. The only file that speaks to DynamoDB.

pk                                    sk                 attributes
alert#<rule>#<source>#<base>#<quote>  state              sent_at, alert_id; lease_id, lease_until
notice#<kind>#<subject>               state              the same; the digest's is notice#digest#daily
feed#<feed>                           latest             slot_time
feed#<feed>                           first_seen         since
feed#<feed>                           paused             since; `coinlake pause` writes it
price#<source>#<base>#<quote>         <observed at>      price, expires_at
sent                                  <sent at>#<id>     subject, rule, expires_at

Times are ISO-8601 in UTC with microseconds, so that they sort as text; ``lease_until`` is
milliseconds and ``expires_at``, DynamoDB's TTL attribute, seconds since 1970.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import CoinlakeError, StoreUnavailable
from coinlake.stores import error_code
from notify import items
from notify.alerts import Alert, Run
from notify.freshness import FeedTimes
from notify.items import Item
from notify.observations import Observation
from notify.rules import PricePoint

LOG_RETENTION: Final = timedelta(days=30)
_MAY_SEND: Final = (
    "(attribute_not_exists(sent_at) OR sent_at <= :newest)"
    " AND (attribute_not_exists(lease_until) OR lease_until < :now)"
)


class LeaseHeld(CoinlakeError):
    """Another invocation is sending this alert, or died doing so: try again later."""


@dataclass(frozen=True, slots=True)
class State:
    """The state table. Every fault of AWS becomes a ``StoreUnavailable``."""

    client: Any
    table: str

    def acquire(self, alert: Alert, run: Run) -> bool:
        """Take the alert's lease until the end of the run; False where it was sent or is in cooldown.

        Raises ``LeaseHeld`` while another holder lives, even of the same alert: two deliveries
        of one event may run at the same moment, and neither may count on the other's survival.
        """
        newest = items.text(alert.newest_predecessor)
        values: dict[str, str | int] = {
            ":newest": newest,
            ":now": items.ms(run.now),
            ":id": alert.id,
            ":until": items.ms(run.ends),
        }
        taken = self._update(
            alert.topic, "state", "SET lease_id = :id, lease_until = :until", _MAY_SEND, values
        )
        if taken is None:
            return True
        if "sent_at" in taken and taken["sent_at"]["S"] > newest:
            return False
        raise LeaseHeld(f"{alert.topic} is being sent by another invocation; this one will try again")

    def release(self, alert: Alert) -> None:
        """Give the lease back without having sent, so that the next delivery need not wait for its end."""
        self._update(
            alert.topic, "state", "REMOVE lease_id, lease_until", "lease_id = :id", {":id": alert.id}
        )

    def mark_sent(self, alert: Alert, run: Run) -> None:
        """Start the cooldown, end the lease and log the mail, all or nothing.

        No condition: the lease outlives the invocation, so nobody else wrote since ``acquire``.
        """
        update = {
            "TableName": self.table,
            "Key": items.item(alert.topic, "state"),
            "UpdateExpression": "SET sent_at = :at, alert_id = :id REMOVE lease_id, lease_until",
            "ExpressionAttributeValues": items.typed({":at": items.text(alert.at), ":id": alert.id}),
        }
        log = items.item(
            "sent",
            f"{items.text(run.now)}#{alert.id}",
            subject=alert.message.subject,
            rule=alert.kind,
            expires_at=items.seconds(run.now + LOG_RETENTION),
        )
        with self._translated(f"mark {alert.topic} as sent"):
            self.client.transact_write_items(
                TransactItems=[{"Update": update}, {"Put": {"TableName": self.table, "Item": log}}]
            )

    def record_slot(self, feed: str, slot_time: datetime) -> None:
        """Move the feed's newest slot forward; an older slot changes nothing."""
        newer = "attribute_not_exists(slot_time) OR slot_time < :time"
        self._update(
            f"feed#{feed}", "latest", "SET slot_time = :time", newer, {":time": items.text(slot_time)}
        )

    def expect_from(self, feed: str, moment: datetime) -> None:
        """From now on, a feed without data is late counted from ``moment``."""
        self._put(items.item(f"feed#{feed}", "first_seen", since=items.text(moment)))

    def feed_times(self, feed: str) -> FeedTimes:
        found = {item["sk"]["S"]: item for item in self._query("pk = :pk", {":pk": f"feed#{feed}"})}
        return FeedTimes(
            latest=items.time(found.get("latest", {}).get("slot_time")),
            expected_since=items.time(found.get("first_seen", {}).get("since")),
            paused_since=items.time(found.get("paused", {}).get("since")),
        )

    def record_price(self, observation: Observation, expires_at: datetime) -> None:
        """Remember a price that a later change may be measured from."""
        self._put(
            items.item(
                f"price#{observation.series}",
                items.text(observation.at),
                price=str(observation.price),
                expires_at=items.seconds(expires_at),
            )
        )

    def last_price(self, series: str, oldest: datetime, newest: datetime) -> PricePoint | None:
        """The latest price of the series from ``oldest`` to ``newest``, both included."""
        found = self._query(
            "pk = :pk AND sk BETWEEN :oldest AND :newest",
            {":pk": f"price#{series}", ":oldest": items.text(oldest), ":newest": items.text(newest)},
            ScanIndexForward=False,
            Limit=1,
        )
        if not found:
            return None
        return PricePoint(datetime.fromisoformat(found[0]["sk"]["S"]), Decimal(found[0]["price"]["S"]))

    def _put(self, item: Item) -> None:
        with self._translated(f"write {item['pk']['S']}"):
            self.client.put_item(TableName=self.table, Item=item)

    def _query(self, condition: str, values: Mapping[str, str], **options: Any) -> list[Item]:
        """The first page, enough for what is asked here; consistent, since alerts depend on it."""
        with self._translated(f"read {values[':pk']}"):
            answer = self.client.query(
                TableName=self.table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=items.typed(values),
                ConsistentRead=True,
                **options,
            )
        page: list[Item] = answer["Items"]
        return page

    def _update(
        self, pk: str, sk: str, change: str, condition: str, values: Mapping[str, str | int]
    ) -> Item | None:
        """None after the change; the item as it stands where the condition does not hold."""
        with self._translated(f"update {pk}"):
            try:
                self.client.update_item(
                    TableName=self.table,
                    Key=items.item(pk, sk),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=items.typed(values),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self.client.exceptions.ConditionalCheckFailedException as refused:
                item: Item = refused.response.get("Item", {})
                return item
        return None

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not {doing} in table {self.table}: {error_code(error)}") from error
