"""Raw objects made in memory, read as transform reads them."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from coinlake.keys import RawKey
from coinlake.stores import StoredObject
from transform.model import AssetMap, ParsedObject
from transform.pipeline import parse

COINS = "raw/source=coingecko/dataset=quotes/dt=2026-11-20/20261120T010000Z.markets.usd.p1.json.gz"
CANDLES = "raw/source=coinbase/dataset=candles/dt=2026-11-20/20261120T010000Z.BTC-USD.1h.24.json.gz"
TICKERS = "raw/source=binance/dataset=tickers/dt=2026-11-20/20261120T000100Z.c1.000001.jsonl.gz"
RECEIVED_AT = datetime(2026, 11, 20, 1, 0, 2, 500000, tzinfo=UTC)
SYMBOLS = {
    ("coingecko", "bitcoin"): "BTC",
    ("coingecko", "ethereum"): "ETH",
    ("coincap", "bitcoin"): "BTC",
    **dict.fromkeys([("binance", "BTC"), ("coinbase", "BTC"), ("coindesk", "BTC")], "BTC"),
    ("kraken", "XBT"): "BTC",
    ("kraken", "XDG"): "DOGE",
}

Read = Callable[..., ParsedObject]


def symbol_of(source: str, name: str) -> str:
    return SYMBOLS.get((source, name), f"{source}:{name}")


def read_bytes(key: str, body: bytes, *, max_bytes: int = 1 << 20, **metadata: str) -> ParsedObject:
    """Read stored bytes; whatever they are, each row must be accounted for."""
    stored = StoredObject(body, "etag", {"fetched_at": RECEIVED_AT.isoformat(), **metadata}, RECEIVED_AT)
    parsed = parse(stored, RawKey.parse(key), AssetMap(symbol_of), max_bytes)
    assert parsed.rows_in == parsed.rows_trusted + len(parsed.rejections)
    return parsed


def read_rows(key: str, rows: Any, **metadata: str) -> ParsedObject:
    """Read rows, given as JSON text or as what json.dumps writes."""
    text = rows if isinstance(rows, str) else json.dumps(rows)
    return read_bytes(key, gzip.compress(text.encode("utf-8", "surrogatepass")), **metadata)


@pytest.fixture
def read_object() -> Read:
    return lambda body, key=COINS, **more: read_bytes(key, body, **more)


@pytest.fixture
def read_coins() -> Read:
    return lambda rows, key=COINS, **more: read_rows(key, rows, **more)


@pytest.fixture
def read_candles() -> Read:
    return lambda rows, key=CANDLES, **more: read_rows(key, rows, **more)


@pytest.fixture
def coin() -> Callable[..., dict[str, Any]]:
    """A coin as CoinGecko sends it, with some fields changed; ``...`` leaves one out."""

    def made(**changes: Any) -> dict[str, Any]:
        fields = {
            "id": "bitcoin",
            "symbol": "btc",
            "name": "Bitcoin",
            "image": "https://coin-images.coingecko.com/coins/images/1/large/bitcoin.png?1696501400",
            "current_price": 77361,
            "market_cap": 1549886872303,
            "market_cap_rank": 1,
            "fully_diluted_valuation": 1549914058873,
            "total_volume": 33235034316,
            "high_24h": 78419,
            "low_24h": 76696,
            "price_change_24h": -747.3360347281705,
            "price_change_percentage_24h": -0.95302,
            "market_cap_change_24h": -15184401491.513184,
            "market_cap_change_percentage_24h": -0.9665,
            "circulating_supply": 20030493.0,
            "total_supply": 20030843.0,
            "max_supply": 21000000.0,
            "ath": 126080,
            "ath_change_percentage": -38.64134,
            "ath_date": "2025-10-06T18:57:42.558Z",
            "atl": 67.81,
            "atl_change_percentage": 113987.12,
            "atl_date": "2013-07-06T00:00:00.000Z",
            "roi": None,
            "last_updated": "2026-11-20T00:59:58.599Z",
        }
        return {name: value for name, value in {**fields, **changes}.items() if value is not ...}

    return made
