"""Which markets a source still has, by its own newest list of assets (a feed of ``assets``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from audit.committed import MAX_PARQUET_BYTES
from coinlake.errors import BadKey
from coinlake.keys import TRUSTED, Partition, TrustedKey
from coinlake.stores import ObjectStore

DATASET: Final = "assets"
_FOLDER: Final = f"{TRUSTED}{DATASET}/"
_MAX_AGE: Final = timedelta(days=8)  # a list comes daily; an older one says nothing of today
_GONE: Final = frozenset({"delisted", "BREAK"})  # what Coinbase and Binance call a market that ended
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Listing:
    """The markets of one source's list of a ``day``, by base and quote, each with its status."""

    day: str
    markets: Mapping[Pair, str | None]

    def delisted(self, pair: Pair) -> str | None:
        """How the list says that the market is gone; None where it does not."""
        if pair not in self.markets:
            return f"not in the list of {self.day}"
        status = self.markets[pair]
        return f"{status} in the list of {self.day}" if status in _GONE else None


def newest_listing(lake: ObjectStore, source: str, today: date) -> Listing | None:
    """None where the lake has no list of markets of the source, of these days."""
    oldest = Partition.day(today - _MAX_AGE).prefix(_FOLDER)
    for folder in sorted((one for one in lake.folders(_FOLDER) if one >= oldest), reverse=True):
        keys = [key for key in map(_parsed, lake.keys(folder)) if key and key.source == source]
        if keys:
            newest = max(keys, key=lambda key: (key.slot.time, key.slot.revision))
            return _read(lake, newest)
    return None


def _read(lake: ObjectStore, key: TrustedKey) -> Listing | None:
    body = lake.get(str(key), MAX_PARQUET_BYTES).body
    with pq.ParquetFile(pa.BufferReader(body)) as file:
        rows = file.read(columns=["base", "quote", "status"], use_threads=False).to_pylist()
    markets = {(row["base"], row["quote"]): row["status"] for row in rows if row["quote"]}
    return Listing(f"{key.slot.dt}", markets) if markets else None


def _parsed(key: str) -> TrustedKey | None:
    try:
        return TrustedKey.parse(key)
    except BadKey:
        return None
