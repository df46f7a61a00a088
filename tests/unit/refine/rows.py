"""Rows of the lake for refine's tests, unit and integration."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from coinlake import parquet
from coinlake.intervals import INTERVALS
from coinlake.keys import Partition, RawKey, Slot
from coinlake.tables import refined
from coinlake.windows import slot_bounds
from refine.coverage import with_answered_span, with_own_coverage
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


def window(end: int, minutes: int, revision: int = 0, source: str = "coinbase", of: str = "1m") -> RawKey:
    """The raw object of a request for so many minutes' buckets before ``end``, a minute of the day."""
    count = timedelta(minutes=minutes) // INTERVALS[of]
    slot = Slot(DAY + timedelta(minutes=end), ("BTC-USD", of, str(count)), revision)
    return RawKey(source, "candles", slot)


def answer(key: RawKey, minutes: Iterable[int], *, rejected: bool = False, **more: Any) -> pa.Table:
    """The trusted file of a window's answer with the buckets that open in these minutes, as refine reads it.

    Received a minute and a bit after the window's end unless said otherwise.
    """
    assert slot_bounds(key.slot)
    interval = key.slot.parts[1]
    received = {"received_at": key.slot.time + timedelta(seconds=61)}
    rows = file("candles", [candle(minute, 1 + minute, key, **received | more) for minute in minutes])
    trusted = key.trusted("candles", Partition.month(DAY, interval=interval))
    return with_own_coverage(with_answered_span(rows, trusted, interval, lambda: rejected), interval)


def file(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    """The rows as refine reads them from a file."""
    declared = refined()[table]
    return parquet.decode(declared, parquet.encode(declared, pa.Table.from_pylist(rows, declared.schema)))


def nothing(table: str) -> pa.Table:
    return file(table, [])
