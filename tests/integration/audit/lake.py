"""A lake as ingest and transform leave it, and what audit writes of it."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audit import handler
from coinlake import intervals
from coinlake.keys import GapsKey, Partition, RawKey, Slot
from coinlake.records import LedgerEntry
from coinlake.tables import tables
from coinlake.windows import Window

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 21, 5, 20, tzinfo=UTC)
START = datetime(2026, 11, 20, tzinfo=UTC)
DAY = list(range(24))


def commit(
    s3: Any, base: str, first: int, held: list[int], count: int = 24, *, revision: int = 0, **entry: Any
) -> None:
    """An answer over ``count`` hours from START + ``first``, with candles at the hours ``held``."""
    end = START + (first + count) * HOUR
    raw = Window("coinbase", "candles", base, "USD", "1h", end, count).key(f"{base}-USD").revised(revision)
    numbers = {"rows_in": len(held), "rows_trusted": len(held), "rows_quarantined": 0, **entry}
    ledger = LedgerEntry(str(raw), "etag", "version", **numbers).to_json()
    s3.put_object(Bucket="lake", Key=str(raw.ledger()), Body=ledger)
    if held:
        moments = pa.array([START + hour * HOUR for hour in held], pa.timestamp("us", tz="UTC"))
        put_rows(s3, str(raw.trusted("candles", "interval=1h/month=2026-11")), moments)


def feed(s3: Any, base: str) -> None:
    """Two answers that the feed asked for, with candles in all of the first 26 hours."""
    commit(s3, base, 0, DAY)
    commit(s3, base, 2, list(range(2, 26)))


def daily(s3: Any, first: int, held: list[int], name: str = "XRP-USDT") -> str:
    """A backfill's answer of Binance over ten days from START + ``first`` days; returns its ledger key."""
    days = [START + (first + day) * 24 * HOUR for day in range(11)]
    asset, _, quote = name.partition("-")
    raw = Window("binance", "candles", asset, quote, "1d", days[-1], 10).key(name)
    numbers = {"rows_in": len(held), "rows_trusted": len(held), "rows_quarantined": 0}
    ledger = LedgerEntry(str(raw), "etag", "version", **numbers).to_json()
    s3.put_object(Bucket="lake", Key=str(raw.ledger()), Body=ledger)
    for month in {f"{START + day * 24 * HOUR:%Y-%m}" for day in held}:
        moments = [START + day * 24 * HOUR for day in held]
        inside = [moment for moment in moments if f"{moment:%Y-%m}" == month]
        times = pa.array(inside, pa.timestamp("us", tz="UTC"))
        put_rows(s3, str(raw.trusted("candles", f"interval=1d/month={month}")), times)
    return str(raw.ledger())


def list_markets(s3: Any, day: datetime, markets: dict[str, str | None], source: str = "coinbase") -> None:
    """The source's own list of a day: its markets of the dollar, each with its status."""
    raw = RawKey(source, "assets", Slot(day, ("products",)))
    rows = [{"base": base, "quote": "USD", "status": status} for base, status in markets.items()]
    kinds = pa.schema([(name, pa.string()) for name in ("base", "quote", "status")])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, kinds), sink)
    key = str(raw.trusted("assets", Partition.day(day.date())))
    s3.put_object(Bucket="lake", Key=key, Body=sink.getvalue())


def put_rows(s3: Any, key: str, times: pa.Array) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"open_time": times, "is_closed": [True] * len(times)}), sink)
    s3.put_object(Bucket="lake", Key=key, Body=sink.getvalue())


def gap_rows(
    s3: Any, source: str = "coinbase", interval: str = "1h", month: str = "2026-11"
) -> list[tuple[str, int, int, str]]:
    """The month's rows: base, first bucket after START, buckets, state."""
    body = s3.get_object(Bucket="lake", Key=str(GapsKey(source, Partition.month(month, interval=interval))))[
        "Body"
    ].read()
    table = pq.read_table(io.BytesIO(body))
    assert table.schema.names == tables()["gaps"].schema.names
    hours = [(moment - START) // intervals.duration(interval) for moment in table["open_time"].to_pylist()]
    return list(
        zip(
            table["base"].to_pylist(),
            hours,
            table["buckets"].to_pylist(),
            table["state"].to_pylist(),
            strict=True,
        )
    )


def run(context: Any, remaining_ms: int = 300_000, **event: Any) -> dict[str, int]:
    later = type(context)(remaining_ms=remaining_ms)
    return handler.handler({"days": 5, **event}, later)
