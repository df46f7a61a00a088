"""Items of a DynamoDB table by their keys, as many as there are, whatever one call answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.stores import error_code

KEYS_A_CALL: Final = 100  # Source: DynamoDB API Reference, "BatchGetItem"
ROUNDS: Final = 5  # of asking for what a table that is short of capacity left out


def items(
    client: Any, table: str, keys: Sequence[Mapping[str, Any]], what: str
) -> Iterator[Mapping[str, Any]]:
    """Those of ``keys`` that the table holds, in no order; raises ``StoreUnavailable``, naming ``what``."""
    for first in range(0, len(keys), KEYS_A_CALL):
        yield from _page(client, table, keys[first : first + KEYS_A_CALL], what)


def _page(
    client: Any, table: str, keys: Sequence[Mapping[str, Any]], what: str
) -> Iterator[Mapping[str, Any]]:
    asked: Mapping[str, Any] = {table: {"Keys": keys}}
    for _ in range(ROUNDS):
        try:
            answer = client.batch_get_item(RequestItems=asked)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not read {what} in table {table}: {error_code(error)}") from error
        yield from answer["Responses"].get(table, ())
        asked = answer.get("UnprocessedKeys") or {}
        if not asked:
            return
    raise StoreUnavailable(f"table {table} left keys unread {ROUNDS} times; it will be tried again")
