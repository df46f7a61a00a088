"""DynamoDB's items as Python values, by boto3's own serializers.

Texts become S, whole numbers and ``Decimal`` N, lists and mappings L and M. On the way back each number is
a ``Decimal``, ready for ``int()``; it has the digits that were written.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.stores import error_code

MAX_KEYS_PER_CALL: Final = 100  # Source: DynamoDB API Reference, "BatchGetItem"
MAX_ROUNDS: Final = 5  # of asking for what a table that is short of capacity left out
_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()

Item = dict[str, dict[str, Any]]


def serialize(values: Mapping[str, Any]) -> Item:
    """Names to values as boto3's client takes them: ``{"pk": "a"}`` gives ``{"pk": {"S": "a"}}``.

    Raises ``TypeError`` for a float, and ``ValueError`` for a number that is not finite (of which boto3's
    serializer lets some pass) or that DynamoDB cannot hold exactly: more than 38 digits, zeros at the
    end included, or an exponent out of range.
    """
    for name, value in values.items():
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"{name} is {value}, which is not a finite number")
    try:
        return {name: _SERIALIZER.serialize(value) for name, value in values.items()}
    except DecimalException as error:
        raise ValueError(f"a number that DynamoDB cannot hold exactly ({type(error).__name__})") from None


def deserialize(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an item of a response."""
    return {name: _DESERIALIZER.deserialize(value) for name, value in item.items()}


def sortable(moment: datetime) -> str:
    """ISO-8601 in UTC with microseconds: it sorts as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def batch_get(
    client: Any, table: str, keys: Sequence[Mapping[str, Any]], subject: str
) -> Iterator[dict[str, Any]]:
    """The items that the table holds under ``keys``, in any order; keys and items are plain values.

    Raises ``StoreUnavailable``, which names the ``subject`` that could not be read.
    """
    for first in range(0, len(keys), MAX_KEYS_PER_CALL):
        yield from _batch(client, table, keys[first : first + MAX_KEYS_PER_CALL], subject)


def _batch(
    client: Any, table: str, keys: Sequence[Mapping[str, Any]], subject: str
) -> Iterator[dict[str, Any]]:
    request: Mapping[str, Any] = {table: {"Keys": [serialize(key) for key in keys]}}
    for _ in range(MAX_ROUNDS):
        try:
            response = client.batch_get_item(RequestItems=request)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(
                f"could not read {subject} in table {table}: {error_code(error)}"
            ) from error
        yield from (deserialize(item) for item in response["Responses"].get(table, ()))
        request = response.get("UnprocessedKeys") or {}
        if not request:
            return
    raise StoreUnavailable(f"table {table} left keys unread {MAX_ROUNDS} times; a later try may succeed")
