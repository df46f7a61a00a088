"""A history of mini-tickers, one a second, made on the fly: a symbol's day at a time, from its name alone.

So a hundred million rows need no file: a block of days is made, put to the bench's S3, worked on by each
contestant, and forgotten. And a month of minutes of many markets, a part that is larger than a function.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.inputs import SEED, SYMBOLS
from coinlake import parquet
from coinlake.keys import Partition, RawKey, Slot
from coinlake.tables import DECIMAL, LIVE_VOLUME, refined, tables
from refine.partitions import TablePartition

SYMBOL_DAY_ROWS: Final = 86_400
FIRST_DAY: Final = date(2021, 1, 1)
UNIT: Final = 10**8  # of prices and amounts: eight decimals
_CENT: Final = UNIT // 100
_GZIP: Final = 16 + zlib.MAX_WBITS
MINUTES: Final = TablePartition("candles", Partition.month("2026-10", interval="1m"))
_OCTOBER: Final = datetime(2026, 10, 1, tzinfo=UTC)
MINUTES_A_MONTH: Final = 31 * 24 * 60
_KNOWN: Final = {"is_closed": True, "coverage": 1.0, "is_complete": True, "has_gap": False}
_FAST: Final = 1  # a collector packs better; the rows are what counts here


@dataclass(frozen=True, slots=True)
class SymbolDay:
    """All frames of one symbol on one day: one raw object."""

    symbol: int
    day: date

    @property
    def name(self) -> str:
        return f"COIN{self.symbol:02d}USDT"

    @property
    def key(self) -> RawKey:
        noon = datetime.combine(self.day, time(12), UTC)
        return RawKey("binance", "tickers", Slot(noon, ("history", self.name)), "jsonl")

    @property
    def trusted(self) -> str:
        return str(self.key.trusted("tickers", Partition.day(self.day)))

    def lines(self) -> pa.Array:
        """Frames as the collector stores them: a price that walks, a volume that grows, half of the time."""
        rng = np.random.default_rng([SEED, self.symbol, self.day.toordinal()])
        traded = rng.random(SYMBOL_DAY_ROWS) < 0.5  # noqa: PLR2004 - half of the seconds
        start = 10_000 * 10 ** (self.symbol % 4)  # cents
        steps = np.where(traded, rng.normal(0, 5e-5, SYMBOL_DAY_ROWS), 0)
        price = np.maximum((start * np.exp(np.cumsum(steps))).astype(np.int64), 2) * _CENT
        amounts = np.where(traded, rng.exponential(20_000, SYMBOL_DAY_ROWS).astype(np.int64), 0) * 1000
        volume = np.cumsum(amounts) + UNIT
        worth = np.cumsum((amounts * (price / UNIT)).astype(np.int64)) + UNIT
        midnight = int(datetime.combine(self.day, time(), UTC).timestamp()) * 1000
        sent = (
            midnight
            + 1000 * np.arange(SYMBOL_DAY_ROWS)
            + 136
            + rng.normal(0, 8, SYMBOL_DAY_ROWS).astype(np.int64)
        )
        received = sent * 1000 + rng.lognormal(10.8, 0.2, SYMBOL_DAY_ROWS).astype(np.int64)
        head = f',"frame":{{"stream":"{self.name.lower()}@miniTicker","data":{{"e":"24hrMiniTicker","E":'
        columns: list[Any] = ['{"received_at":', _text(received), head, _text(sent), f',"s":"{self.name}"']
        values = {
            **{"c": price, "o": np.full(SYMBOL_DAY_ROWS, price[0])},
            **{"h": np.maximum.accumulate(price), "l": np.minimum.accumulate(price)},
            **{"v": volume, "q": worth},
        }
        for field, units in values.items():
            columns += [f',"{field}":"', _text(_decimal(units)), '"']
        return pc.binary_join_element_wise(*columns, "}}}\n", "")

    def body(self) -> bytes:
        """The raw object."""
        lines = self.lines()
        text = lines.buffers()[2].slice(0, pc.sum(pc.binary_length(lines)).as_py())
        packer = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
        return packer.compress(memoryview(text)) + packer.flush()


def symbol_days(first: int, days: int) -> Iterator[SymbolDay]:
    """Every symbol's days, from day number ``first`` on."""
    for number in range(first, first + days):
        for symbol in range(SYMBOLS):
            yield SymbolDay(symbol, FIRST_DAY + timedelta(days=number))


def _decimal(units: Any) -> pa.Array:
    """Numbers of 10⁻⁸, none below zero, as exact decimals."""
    words = np.zeros((len(units), 2), np.int64)
    words[:, 0] = units
    return pa.Array.from_buffers(LIVE_VOLUME, len(units), [None, pa.py_buffer(words)])


def _text(values: Any) -> pa.Array:
    return (values if isinstance(values, pa.Array) else pa.array(values)).cast(pa.string())


def minutes(markets: int) -> bytes:
    """A part of a month of one-minute candles of so many markets, as refine writes it."""
    table = refined()["candles"]
    return parquet.encode_pieces(table, (_market_minutes(number) for number in range(markets)))


def minute_file() -> tuple[str, bytes]:
    """A trusted file with the first market's last minute: its key and its bytes."""
    rows, table = _market_minutes(0).slice(MINUTES_A_MONTH - 1), tables()["candles"]
    key = RawKey.parse(rows["raw_key"][0].as_py()).trusted("candles", MINUTES.partition)
    return str(key), parquet.encode(table, rows.select(table.schema.names).cast(table.schema))


def _market_minutes(number: int) -> pa.Table:
    rng, count = np.random.default_rng([SEED, number]), MINUTES_A_MONTH
    start = np.datetime64(_OCTOBER.replace(tzinfo=None), "us")
    opened = start + np.arange(count).astype("timedelta64[m]")
    days = [
        Slot(_OCTOBER + timedelta(days=day + 1), (f"A{number:03d}-USD", "1m", "1440")) for day in range(31)
    ]
    keys = pa.array([str(RawKey("coinbase", "candles", slot)) for slot in days])
    price = (10_000 * np.exp(np.cumsum(rng.normal(0, 5e-4, count)))).astype(np.int64) * _CENT
    spread = rng.integers(0, 50, count) * _CENT
    values: dict[str, Any] = {
        **dict.fromkeys(("open", "close"), price),
        **{"high": price + spread, "low": np.maximum(price - spread, _CENT)},
        **{"volume": rng.integers(1, 10**12, count)},
    }
    columns = {
        **{name: _decimal(units).cast(DECIMAL) for name, units in values.items()},
        **{"source": pa.repeat("coinbase", count), "base": pa.repeat(f"A{number:03d}", count)},
        **{"quote": pa.repeat("USD", count), "raw_symbol": pa.repeat(f"A{number:03d}-USD", count)},
        "open_time": pa.array(opened),
        "received_at": pa.array(start + np.timedelta64(31, "D") + np.zeros(count, "timedelta64[us]")),
        "raw_key": keys.take(pa.array(np.arange(count) // 1440)),
        **{name: pa.repeat(value, count) for name, value in _KNOWN.items()},
    }
    schema = refined()["candles"].schema
    return pa.table(
        [
            columns[field.name].cast(field.type) if field.name in columns else pa.nulls(count, field.type)
            for field in schema
        ],
        schema=pa.schema([field.with_nullable(True) for field in schema]),
    )
