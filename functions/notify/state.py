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
milliseconds and ``expires_at``, DynamoDB's TTL attribute, seconds since 1970. ``price`` is a text.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import CoinlakeError, StoreUnavailable
from coinlake.items import deserialize, serialize, sortable
from coinlake.stores import error_code
from notify.alerts import Alert, Run
from notify.freshness import FeedTimes
from notify.rules.observations import Observation
from notify.rules.prices import PricePoint

LOG_RETENTION: Final = timedelta(days=30)
_MAY_SEND: Final = (
    "(attribute_not_exists(sent_at) OR sent_at <= :newest)"
    " AND (attribute_not_exists(lease_until) OR lease_until < :now)"
)

Values = dict[str, Any]


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
        newest = sortable(alert.newest_predecessor)
        values = {
            ":newest": newest,
            ":now": _milliseconds(run.now),
            ":id": alert.id,
            ":until": _milliseconds(run.ends),
        }
        existing = self._update(
            alert.topic, "state", "SET lease_id = :id, lease_until = :until", _MAY_SEND, values
        )
        if existing is None:
            return True
        if "sent_at" in existing and existing["sent_at"] > newest:
            return False
        raise LeaseHeld(f"another invocation is sending {alert.topic}; this one will try again")

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
            "Key": serialize({"pk": alert.topic, "sk": "state"}),
            "UpdateExpression": "SET sent_at = :at, alert_id = :id REMOVE lease_id, lease_until",
            "ExpressionAttributeValues": serialize({":at": sortable(alert.at), ":id": alert.id}),
        }
        log = {
            "pk": "sent",
            "sk": f"{sortable(run.now)}#{alert.id}",
            "subject": alert.mail.subject,
            "rule": alert.kind,
            "expires_at": _seconds(run.now + LOG_RETENTION),
        }
        put = {"TableName": self.table, "Item": serialize(log)}
        with self._translated(f"mark {alert.topic} as sent"):
            self.client.transact_write_items(TransactItems=[{"Update": update}, {"Put": put}])

    def record_slot(self, feed: str, slot_time: datetime) -> None:
        """Move the feed's newest slot forward; an older slot changes nothing."""
        newer = "attribute_not_exists(slot_time) OR slot_time < :time"
        self._update(f"feed#{feed}", "latest", "SET slot_time = :time", newer, {":time": sortable(slot_time)})

    def expect_from(self, feed: str, moment: datetime) -> None:
        """From now on, a feed without data is late counted from ``moment``."""
        self._put({"pk": f"feed#{feed}", "sk": "first_seen", "since": sortable(moment)})

    def feed_times(self, feed: str) -> FeedTimes:
        items = {item["sk"]: item for item in self._query("pk = :pk", {":pk": f"feed#{feed}"})}

        def time(sk: str, attribute: str) -> datetime | None:
            text = items.get(sk, {}).get(attribute)
            return None if text is None else datetime.fromisoformat(text)

        return FeedTimes(
            latest=time("latest", "slot_time"),
            expected_since=time("first_seen", "since"),
            paused_since=time("paused", "since"),
        )

    def record_price(self, observation: Observation, expires_at: datetime) -> None:
        """Remember a price that a later change may be measured from."""
        self._put(
            {
                "pk": f"price#{observation.series}",
                "sk": sortable(observation.at),
                "price": str(observation.price),
                "expires_at": _seconds(expires_at),
            }
        )

    def last_price(self, series: str, oldest: datetime, newest: datetime) -> PricePoint | None:
        """The latest price of the series from ``oldest`` to ``newest``, both included."""
        items = self._query(
            "pk = :pk AND sk BETWEEN :oldest AND :newest",
            {":pk": f"price#{series}", ":oldest": sortable(oldest), ":newest": sortable(newest)},
            ScanIndexForward=False,
            Limit=1,
        )
        if not items:
            return None
        return PricePoint(datetime.fromisoformat(items[0]["sk"]), Decimal(items[0]["price"]))

    def _put(self, item: Values) -> None:
        with self._translated(f"write {item['pk']}"):
            self.client.put_item(TableName=self.table, Item=serialize(item))

    def _query(self, condition: str, values: Mapping[str, str], **options: Any) -> list[Values]:
        """The first page, enough for what is read here; consistent, since alerts depend on it."""
        with self._translated(f"read {values[':pk']}"):
            response = self.client.query(
                TableName=self.table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=serialize(values),
                ConsistentRead=True,
                **options,
            )
        return [deserialize(item) for item in response["Items"]]

    def _update(
        self, pk: str, sk: str, change: str, condition: str, values: Mapping[str, Any]
    ) -> Values | None:
        """None after the change; the item as it stands where the condition does not hold."""
        with self._translated(f"update {pk}"):
            try:
                self.client.update_item(
                    TableName=self.table,
                    Key=serialize({"pk": pk, "sk": sk}),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=serialize(values),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self.client.exceptions.ConditionalCheckFailedException as refused:
                return deserialize(refused.response.get("Item", {}))
        return None

    @contextmanager
    def _translated(self, action: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(
                f"could not {action} in table {self.table}: {error_code(error)}"
            ) from error


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
