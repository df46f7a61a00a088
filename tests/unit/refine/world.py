"""A small lake for the derived tables' tests: its rows, and refine's walk over what they touch."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from coinlake import parquet
from coinlake.keys import Partition
from coinlake.tables import refined
from refine.merge import in_order
from refine.partitions import TablePartition
from refine.tables import DERIVED, DerivedTable, candles

FIRST = date(2026, 1, 20)
DAYS = 75  # into April: February is too short for a window of 30 days
HOUR = timedelta(hours=1)

Row = dict[str, Any]
Event = tuple[TablePartition, list[Row]]


@dataclass
class Lake:
    """Refined parts in memory, encoded as they are in the bucket; ``modules`` derive as in refine."""

    modules: Sequence[DerivedTable] = DERIVED
    rows: dict[TablePartition, dict[Any, Row]] = field(default_factory=dict)
    bodies: dict[TablePartition, bytes] = field(default_factory=dict)
    reads: list[TablePartition] = field(default_factory=list)

    def take(self, events: Iterable[Event]) -> None:
        """Merge the events' rows into their parts, then derive what follows."""
        touched: set[TablePartition] = set()
        for part, rows in events:
            merged = self.rows.setdefault(part, {})
            natural = [name for name in refined()[part.table].natural_key if name not in part.values]
            merged.update({tuple(row[name] for name in natural): row for row in rows})
            touched.add(part)
        for part in sorted(touched):
            self._write(part, pa.Table.from_pylist([*self.rows[part].values()], refined()[part.table].schema))
            touched |= self._longer(part)
        for module in self.modules:
            for part in module.partitions(frozenset(touched), self.existing):
                inputs = module.inputs(part, frozenset(touched))
                self._write(part, module.derive(part, self._inputs(inputs)))
                touched.add(part)

    def existing(self, table: str) -> list[Partition]:
        return [part.partition for part in self.bodies if part.table == table]

    def read(self, part: TablePartition) -> pa.Table:
        self.reads.append(part)
        table = refined()[part.table]
        body = self.bodies.get(part)
        rows = parquet.decode(table, body).cast(table.schema) if body else table.schema.empty_table()
        for name, value in part.values.items():
            rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows

    def table(self, name: str) -> pa.Table:
        """A whole table, with its partitions' columns."""
        parts = [self.read(part) for part in sorted(self.bodies) if part.table == name]
        return pa.concat_tables(parts) if parts else self.read(TablePartition(name, Partition()))

    def derived(self) -> dict[TablePartition, bytes]:
        names = {"asset_days", "asset_peaks", "spreads", "market_days", "latest"}
        return {part: body for part, body in self.bodies.items() if part.table in names}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """DuckDB's answer over the lake's tables."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for name in {part.table for part in self.bodies}:
                connection.register(name, self.table(name))
            return connection.execute(sql).fetchall()

    def _inputs(self, inputs: list[TablePartition]) -> Mapping[str, pa.Table]:
        names = {part.table for part in inputs}
        return {
            name: pa.concat_tables([self.read(part) for part in inputs if part.table == name])
            for name in names
        }

    def _longer(self, part: TablePartition) -> set[TablePartition]:
        """The days of the candles' month, put together of its hours as refine does."""
        if part.table != "candles":
            return set()
        hours, days = (
            TablePartition("candles", Partition.month(part.month, interval=interval))
            for interval in ("1h", "1d")
        )
        schema = refined()["candles"].schema
        plain = parquet.dictionaries(refined()["candles"])
        own = pa.Table.from_pylist([*self.rows.get(days, {}).values()], schema).cast(plain)
        shorter = self.read(hours).select(schema.names).cast(plain)
        self._write(days, candles.with_derived(own, shorter, "1h", "1d").cast(schema))
        return {days}

    def _write(self, part: TablePartition, rows: pa.Table) -> None:
        table = refined()[part.table]
        body = parquet.encode(table, in_order(table, rows))
        if rows.num_rows or part in self.bodies:
            self.bodies[part] = body


def quote(source: str, base: str, currency: str, at: datetime, price: Any, **more: Any) -> Row:
    return {
        **dict.fromkeys(refined()["quotes"].schema.names),
        **{"source": source, "base": base, "quote": currency, "raw_symbol": base.lower()},
        **{"observed_at": at, "received_at": at + timedelta(seconds=3), "price": Decimal(price)},
        "raw_key": f"raw/{source}/{at:%Y%m%dT%H%M}",
        **more,
    }


def candle(source: str, base: str, currency: str, opened: datetime, price: Any, **more: Any) -> Row:
    return {
        **dict.fromkeys(refined()["candles"].schema.names),
        **{"source": source, "base": base, "quote": currency, "raw_symbol": f"{base}-{currency}"},
        **{"open_time": opened, "is_closed": True, "received_at": opened + timedelta(days=2)},
        **dict.fromkeys(("open", "high", "low", "close"), Decimal(price)),
        **{
            "volume": Decimal("1.5"),
            "quote_volume": Decimal(3),
            "raw_key": f"raw/{source}/{opened:%Y%m%dT%H}",
        },
        **more,
    }


def quotes(*rows: Row) -> Event:
    """Quotes of one day."""
    return TablePartition("quotes", Partition.day(rows[0]["observed_at"])), list(rows)


def buckets(interval: str, *rows: Row) -> Event:
    """Candles of one month."""
    return TablePartition("candles", Partition.month(rows[0]["open_time"], interval=interval)), list(rows)


def moods(*rows: tuple[date, int]) -> Event:
    found = [
        {
            **{"source": "alternative_me", "observed_at": noon(day, 0), "value": value},
            **{"classification": "Fear" if value < 50 else "Greed"},
            **{"received_at": noon(day, 1), "raw_key": f"raw/{day}"},
        }
        for day, value in rows
    ]
    return TablePartition("sentiment", Partition("index=fear_and_greed")), found


def noon(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def world(seed: int) -> list[Event]:
    """Prices of a few markets over ten weeks, with holes: of quotes, of hours, of days."""
    chance = random.Random(seed)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    return [event for day in days for event in _day(chance, day)]


def _day(chance: random.Random, day: date) -> Iterator[Event]:
    """Most days are whole: of those every hour has its quote or candle."""
    is_whole = chance.random() < 0.8

    def price(level: float) -> Decimal:
        return Decimal(f"{level * chance.uniform(0.7, 1.4):.6f}")

    yield moods((day, chance.randrange(100)))
    coins = [("BTC", 80_000), ("ETH", 3_000), ("coingecko:odd", 0.00002)]
    seen = [
        quote(
            *(
                "coingecko",
                base,
                "USD",
                noon(day, hour, 58 if hour == 23 else 2, chance.randrange(60)),
                price(level),
            ),
            market_cap=price(level * 1e6) if chance.random() < 0.8 else None,
            change_24h_percent=price(1) - 1,
            volume_24h_quote=price(1e6),
        )
        for base, level in coins
        for hour in (range(24) if is_whole else (0, 11, 23))
        if is_whole or chance.random() < 0.7
    ]
    seen += [
        quote("binance", "BTC", "USDT", noon(day, hour, 59), price(80_100), volume_24h_base=price(9))
        for hour in (11, 23)
        if chance.random() < 0.8
    ]
    if seen:
        yield quotes(*seen)
    hours = [
        candle("coinbase", "BTC", "USD", noon(day, hour), price(79_900))
        for hour in range(0 if is_whole else 8, 24)
        if is_whole or chance.random() < 0.9
    ]
    if chance.random() < 0.8:
        yield buckets("1h", *hours)
    if chance.random() < 0.7:
        yield buckets("1d", candle("coinbase", "ETH", "USD", noon(day, 0), price(3_010)))
