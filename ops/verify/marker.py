"""The one row that a verification sends through the line, and the removal of all that it left."""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from coinlake.keys import TRUSTED, Partition, RawKey, RefinedKey, Slot, raw_prefix
from coinlake.stores import ObjectStore, compressed, sha256
from ops.stack import Stack

# Exchange rates: nothing is derived from them, no rule watches them, the dashboard does not show them.
SOURCE: Final = "coincap"
DATASET: Final = "rates"
TABLE: Final = "rates"
FIRST_DAY: Final = datetime(2020, 1, 1, tzinfo=UTC)  # as far back as Athena looks, and before any feed
DAYS: Final = 366
RATE: Final = Decimal("1.000000000000000001")  # a float would lose its last digit
WORD: Final = "coinlake-verify"


@dataclass(frozen=True, slots=True)
class Marker:
    """A raw object of one exchange rate, in a day and under a name that nothing else uses."""

    key: RawKey
    rate_id: str

    @classmethod
    def new(cls) -> Self:
        """One of its own for each verification, so that two at a time do not meet."""
        day = FIRST_DAY + timedelta(days=secrets.randbelow(DAYS))
        name = f"{WORD}-{secrets.token_hex(4)}"
        return cls(RawKey(SOURCE, DATASET, Slot(day, (DATASET, name))), name)

    @property
    def partition(self) -> Partition:
        return Partition.day(self.key.slot.dt)

    @property
    def trusted(self) -> str:
        return str(self.key.trusted(TABLE, self.partition))

    @property
    def refined(self) -> str:
        return str(RefinedKey(TABLE, self.partition))

    def body(self) -> bytes:
        """As CoinCap answers."""
        row = {"id": self.rate_id, "symbol": "VERIFY", "currencySymbol": None, "type": "fiat"}
        time = int(self.key.slot.time.timestamp() * 1000)
        return json.dumps({"data": [{**row, "rateUsd": str(RATE)}], "timestamp": time}).encode()

    def write(self, raw: ObjectStore) -> None:
        """Write it as ingest does: compressed, with its metadata, never over another object."""
        body = self.body()
        received = f"{self.key.slot.time:%Y-%m-%dT%H:%M:%SZ}"
        metadata = {"fetched_at": received, "status": "200", "sha256": sha256(body)}
        raw.put(str(self.key), compressed(body), metadata=metadata, IfNoneMatch="*")

    def is_alone(self, stack: Stack) -> bool:
        """Whether nothing lies yet where the marker's objects will, so that all there may be removed."""
        folders = [
            (stack.raw, raw_prefix(SOURCE, DATASET, self.key.slot.dt)),
            (stack.lake, self.partition.prefix(f"{TRUSTED}{TABLE}/")),
            (stack.lake, self.refined),
        ]
        return not any(next(iter(store.keys(prefix)), None) for store, prefix in folders)

    def remove(self, stack: Stack, answers: Sequence[str]) -> int:
        """Delete every version of the marker's objects and of Athena's ``answers``; returns how many.

        First what the rest is made from, so that a run under way finds nothing to make it from.
        """
        return sum(_delete_versions(store, key) for store, key in self._places(stack, answers))

    def left(self, stack: Stack, answers: Sequence[str]) -> list[str]:
        """What is still there, by its address."""
        return [
            f"s3://{store.bucket}/{version['Key']}"
            for store, key in self._places(stack, answers)
            for version in _versions(store, key)
        ]

    def _places(self, stack: Stack, answers: Sequence[str]) -> list[tuple[ObjectStore, str]]:
        return [
            (stack.raw, str(self.key)),
            (stack.lake, self.trusted),
            (stack.lake, self.refined),
            (stack.lake, str(self.key.quarantine())),
            (stack.lake, str(self.key.ledger())),
            *((stack.artifacts, key) for key in answers),
        ]


def _delete_versions(store: ObjectStore, prefix: str) -> int:
    deleted = 0
    for version in _versions(store, prefix):
        store.client.delete_object(Bucket=store.bucket, Key=version["Key"], VersionId=version["VersionId"])
        deleted += 1
    return deleted


def _versions(store: ObjectStore, prefix: str) -> Iterator[dict[str, Any]]:
    """Every version and delete marker of the keys that begin so."""
    for page in store.client.get_paginator("list_object_versions").paginate(
        Bucket=store.bucket, Prefix=prefix
    ):
        yield from (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
