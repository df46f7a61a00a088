"""What an event costs refine while history grows: a quarter of an hour's pages into today's part."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from bench.measure import Job, Result
from bench.report import Row
from bench.server import Server
from coinlake import parquet
from coinlake.keys import Partition, RawKey, RefinedKey, Slot
from coinlake.tables import tables

TODAY: Final = datetime(2026, 11, 21, tzinfo=UTC)
HISTORY: Final = (1, 10, 100)  # days of quotes before today
COINS: Final = 250
SLOTS: Final = 288  # in a day, one every five minutes
NEW: Final = 3  # slots of one run
FLAT: Final = 1.1


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake of ``days`` before today and the last ``slots`` of today, each a page of ``coins`` quotes; a run
    merges the last ``NEW`` of them into those before."""

    days: int = 1
    slots: int = SLOTS
    coins: int = COINS

    @property
    def bucket(self) -> str:
        return f"lake-{self.days}-{self.slots}-{self.coins}"

    def fill(self, server: Server) -> None:
        s3, full = server.client(), self._file(range(SLOTS - self.slots, SLOTS))
        for back in range(1, self.days + 1):
            s3.put_object(Bucket=self.bucket, Key=part_key(TODAY - timedelta(days=back)), Body=full)
        for slot, key in zip(range(SLOTS)[-NEW:], trusted_keys(), strict=True):
            s3.put_object(Bucket=self.bucket, Key=key, Body=self._file(range(slot, slot + 1)))

    def part_before(self) -> bytes:
        """Today's part before the run; the same bytes each time."""
        return self._file(range(SLOTS - self.slots, SLOTS - NEW))

    def job(self, server: Server, times: int) -> Job:
        return Job("refine", {"endpoint": server.endpoint, "lake": asdict(self), "times": times})

    def _file(self, slots: range) -> bytes:
        pages = [_page(TODAY, slot, self.coins) for slot in slots]
        table = tables()["quotes"]
        rows = pa.concat_tables(pages).sort_by([(name, "ascending") for name in table.sort])
        return parquet.encode(table, rows)


def trusted_keys() -> list[str]:
    """The files that a run merges: the last slots of today."""
    partition = Partition.day(TODAY)
    return [str(_raw_key(TODAY, slot).trusted("quotes", partition)) for slot in range(SLOTS)[-NEW:]]


def part_key(day: datetime) -> str:
    return str(RefinedKey("quotes", Partition.day(day)))


def refine(server: Server, runs: int, times: int, slots: int = SLOTS) -> Iterator[Row]:
    """One row: milliseconds for each event at each length of history, taking turns."""
    lakes = [Lake(days, slots) for days in HISTORY]
    for lake in lakes:
        lake.fill(server)
    jobs = [lake.job(server, times) for lake in lakes]
    rounds = [[job.run() for job in jobs] for _ in range(runs + 1)][1:]
    columns: list[list[Result]] = [list(column) for column in zip(*rounds, strict=True)]
    best_ms = [min(result["milliseconds"] for result in column) for column in columns]
    calls = [column[0]["calls"] for column in columns]
    shown = ", ".join(f"{ms:.1f} ms" for ms in best_ms)
    yield Row(
        f"refine: {NEW} pages into {slots * COINS:,} quotes, after {', '.join(map(str, HISTORY))} days",
        f"{shown} of processor for each event",
        f"{calls[0]:.0f}, {calls[1]:.0f}, {calls[2]:.0f} calls a run",
        f"{max(best_ms) / best_ms[0]:.2f}×",
        f"≤ {FLAT:.2f}×",
        max(best_ms) / best_ms[0] <= FLAT and len(set(calls)) == 1,
    )


def _raw_key(day: datetime, slot: int) -> RawKey:
    return RawKey("coingecko", "quotes", Slot(day + timedelta(minutes=5 * slot), ("bench", "usd", "p1")))


def _page(day: datetime, slot: int, coins: int) -> pa.Table:
    key, table = _raw_key(day, slot), tables()["quotes"]
    common: dict[str, Any] = {
        **dict.fromkeys(table.schema.names),
        **{"source": "coingecko", "quote": "USD", "raw_key": str(key), "received_at": key.slot.time},
    }
    rows = [
        {
            **common,
            "base": f"COIN{coin:03d}",
            "raw_symbol": f"coin-{coin:03d}",
            "observed_at": key.slot.time + timedelta(milliseconds=coin),
            "price": Decimal(100_000 + slot * 7 + coin * 31).scaleb(-2),
            "market_cap": Decimal(10**9 * (coins - coin) + slot),
            "volume_24h_quote": Decimal(10**7 + slot * coin),
            "rank": coin + 1,
        }
        for coin in range(coins)
    ]
    return pa.Table.from_pylist(rows, table.schema)
