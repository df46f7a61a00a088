"""The inputs: made from a seed, so that every run measures the same bytes, and kept in build/bench."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.paths import CACHE
from coinlake.keys import RawKey, Slot
from coinlake.stores import GZIP_LEVEL, compressed
from coinlake.tables import DECIMAL, refined

SEED: Final = 20261121
SYMBOLS: Final = 20
START: Final = datetime(2026, 11, 20, tzinfo=UTC)
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
TICKERS_KEY: Final = RawKey("binance", "tickers", Slot(NOON, ("bench", "000001")), "jsonl")
COINS_KEY: Final = RawKey("coingecko", "quotes", Slot(NOON, ("bench", "usd", "p1")))
CANDLES_KEY: Final = RawKey("coinbase", "candles", Slot(NOON, ("BTC-USD", "1h", "300")))
FETCHED_AT: Final = datetime(2026, 11, 20, 12, 0, 2, tzinfo=UTC)
_FRAME: Final = (
    '{{"received_at":{received},"frame":{{"stream":"{stream}@miniTicker","data":{{"e":"24hrMiniTicker",'
    '"E":{sent},"s":"{symbol}","c":"{close:.8f}","o":"{open:.8f}","h":"{high:.8f}","l":"{low:.8f}",'
    '"v":"{volume:.8f}","q":"{quote:.8f}"}}}}}}\n'
)


@dataclass(slots=True)
class Market:
    """One symbol's day: a price that walks in ticks of a cent, trades in about half of the seconds."""

    symbol: str
    price: float
    open: float
    high: float
    low: float
    volume: float
    quote: float

    def second(self, rng: random.Random) -> None:
        if rng.random() < 0.5:  # noqa: PLR2004 - about half
            return
        self.price = max(round(self.price * (1 + rng.gauss(0, 5e-5)), 2), 0.02)
        self.high, self.low = max(self.high, self.price), min(self.low, self.price)
        traded = round(rng.expovariate(5), 5)
        self.volume += traded
        self.quote += traded * self.price


def tickers(rows: int, symbols: int = SYMBOLS) -> Path:
    """So many frames of the symbols, each once a second, as the collector stores them."""
    path = CACHE / f"tickers-{rows}-{symbols}.jsonl.gz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file, gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
            packed.writelines(frame.encode() for frame in frames(rows, symbols))
        part.rename(path)
    return path


def frames(rows: int, symbols: int = SYMBOLS) -> Iterator[str]:
    rng = random.Random(SEED)  # noqa: S311 - not a secret
    markets = [_market(number, rng) for number in range(symbols)]
    for number in range(rows):
        second, index = divmod(number, symbols)
        market = markets[index]
        market.second(rng)
        sent = int(START.timestamp() * 1000) + 1000 * second + 136 + int(rng.gauss(0, 8))
        yield _FRAME.format(
            received=sent * 1000 + int(rng.lognormvariate(10.8, 0.2)),
            stream=market.symbol.lower(),
            sent=sent,
            symbol=market.symbol,
            close=market.price,
            open=market.open,
            high=market.high,
            low=market.low,
            volume=round(market.volume, 5),
            quote=round(market.quote, 7),
        )


def coins(count: int = 250) -> bytes:
    """A page of CoinGecko's, every field filled."""
    rng = random.Random(SEED)  # noqa: S311 - not a secret
    return compressed(json.dumps([_coin(number, rng) for number in range(count)]).encode())


def candles(count: int = 300) -> bytes:
    """A window of Coinbase's hours, newest first."""
    rng, rows, price = random.Random(SEED), [], 77000.0  # noqa: S311 - not a secret
    for number in range(count):
        close = round(price + rng.gauss(0, 90), 2)
        low, high = round(min(price, close) - 20, 2), round(max(price, close) + 20, 2)
        time = START + timedelta(hours=11 - number)
        rows.append([int(time.timestamp()), low, high, price, close, round(rng.uniform(50, 500), 8)])
        price = close
    return compressed(json.dumps(rows).encode())


def _market(number: int, rng: random.Random) -> Market:
    price = round(10 ** rng.uniform(0, 5), 2)
    volume = round(10 ** rng.uniform(3, 6), 5)
    high, low = round(price * 1.03, 2), round(price * 0.97, 2)
    return Market(f"COIN{number:02d}USDT", price, round(price * 1.01, 2), high, low, volume, volume * price)


def _coin(number: int, rng: random.Random) -> dict[str, Any]:
    price = float(f"{10 ** rng.uniform(-6, 5):.6g}")
    supply = round(10 ** rng.uniform(6, 11), 2)
    return {
        "id": f"coin-{number}",
        "symbol": f"c{number}",
        "name": f"Coin {number}",
        "image": f"https://coin-images.coingecko.com/coins/images/{number}/large/coin.png",
        "current_price": price,
        "market_cap": int(price * supply),
        "market_cap_rank": number + 1,
        "fully_diluted_valuation": int(price * supply),
        "total_volume": int(price * supply / 50),
        "high_24h": price * 1.02,
        "low_24h": price * 0.98,
        "price_change_24h": price * 0.01,
        "price_change_percentage_24h": 1.01523,
        "circulating_supply": supply,
        "total_supply": supply,
        "max_supply": None,
        "ath": price * 3,
        "ath_date": "2025-10-06T18:57:42.558Z",
        "roi": None,
        "last_updated": "2026-11-20T11:59:58.599Z",
    }


def candle_rows(rows: int) -> pa.Table:
    """Candles as refine writes them: twenty markets by the minute, prices and volumes of eight decimals."""
    table = refined()["candles"]
    rng, market = np.random.default_rng(SEED), np.arange(rows) % SYMBOLS
    minutes = np.arange(rows) // SYMBOLS
    times = pa.array(np.datetime64(START.replace(tzinfo=None), "us") + minutes.astype("timedelta64[m]"))
    assets = pa.array([f"A{number:02}" for number in range(SYMBOLS)]).take(pa.array(market))
    constants: dict[str, Any] = {
        "source": "coinbase",
        "quote": "USD",
        "raw_key": "raw/bench",
        "is_closed": True,
    }
    columns = {
        **{name: pa.repeat(value, rows) for name, value in constants.items()},
        **{"base": assets, "raw_symbol": pc.binary_join_element_wise(assets, "USD", "-")},
        **{"open_time": times, "received_at": times, "trades": pa.array(rng.integers(1, 5000, rows))},
        **{
            "parts": pa.repeat(1, rows),
            "coverage": pa.repeat(1.0, rows),
            "is_complete": pa.repeat(True, rows),
        },
        **{name: _decimals(rng, rows) for name in ("open", "high", "low", "close", "volume", "quote_volume")},
    }
    return pa.table(
        [
            columns[field.name].cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
            for field in table.schema
        ],
        names=table.schema.names,
    )


def _decimals(rng: np.random.Generator, rows: int) -> pa.Array:
    whole = pa.array(rng.integers(1, 100_000, rows)).cast(pa.string())
    fraction = pc.utf8_lpad(pa.array(rng.integers(0, 10**8, rows)).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise(whole, fraction, ".").cast(DECIMAL)
