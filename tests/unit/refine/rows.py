"""Rows of the lake for refine's tests, unit and integration."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from coinlake import parquet
from coinlake.keys import Partition, RawKey, Slot
from coinlake.tables import refined
from refine.partitions import TablePartition

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def partition(table: str, text: str = "") -> TablePartition:
    """A partition as its keys spell it: ``partition("quotes", "dt=2026-11-20")``."""
    return TablePartition(table, Partition(text))


def raw_key(minute: int, revision: int = 0, source: str = "coinbase", dataset: str = "candles") -> RawKey:
    """The raw object of one request, due so many minutes into the day."""
    return RawKey(source, dataset, Slot(DAY + timedelta(minutes=minute), ("BTC-USD",), revision))


def candle(minute: int, close: Any, key: RawKey, **more: Any) -> dict[str, Any]:
    """A bucket that opens so many minutes into the day, received a minute after ``key`` was due."""
    return {
        **dict.fromkeys(refined()["candles"].schema.names),
        **{"source": key.source, "base": "BTC", "quote": "USD", "raw_symbol": "BTC-USD"},
        **dict.fromkeys(["open", "high", "low", "close"], Decimal(close)),
        "volume": Decimal(1),
        "open_time": DAY + timedelta(minutes=minute),
        "is_closed": True,
        "received_at": key.slot.time + timedelta(minutes=1),
        "raw_key": str(key),
        **more,
    }


def quote(second: int, price: Any, key: RawKey, base: str = "BTC") -> dict[str, Any]:
    return {
        **dict.fromkeys(refined()["quotes"].schema.names),
        **{"source": key.source, "base": base, "quote": "USD", "raw_symbol": base.lower()},
        "observed_at": DAY + timedelta(seconds=second),
        "price": Decimal(price),
        "received_at": key.slot.time + timedelta(minutes=1),
        "raw_key": str(key),
    }


def file(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    """The rows as refine reads them from a file."""
    declared = refined()[table]
    return parquet.decode(declared, parquet.encode(declared, pa.Table.from_pylist(rows, declared.schema)))


def nothing(table: str) -> pa.Table:
    return file(table, [])
