"""A small lake for the ready questions: a few rows of each table that they ask, whose answers are plain.

Days count back from today, for the questions ask about now.
"""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake.stores import ObjectStore
from coinlake.tables import catalog

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.replace(hour=0, minute=0, second=0)
YESTERDAY = TODAY - timedelta(days=1)
DAY, DAY_BEFORE = (f"{moment:%Y-%m-%d}" for moment in (TODAY, YESTERDAY))
HOUR = NOW.replace(minute=0, second=0) - timedelta(hours=2)
STREAM = "btcusdt@miniTicker"
TICKERS = f"SELECT stream, symbol, dt, close FROM tickers WHERE stream = '{STREAM}'"  # noqa: S608 - our own name

LATEST = [
    {
        "base": "BTC",
        "quote": "USD",
        "source": "coingecko",
        "price": 100,
        "change_24h_percent": -2.5,
        "rank": 1,
    },
    {"base": "BTC", "quote": "USDT", "source": "binance", "price": 101, "change_24h_percent": -9.0},
    {
        "base": "DOGE",
        "quote": "USD",
        "source": "coingecko",
        "price": 2,
        "change_24h_percent": 12.0,
        "rank": 9,
    },
    {"base": "OLD", "quote": "USD", "source": "coingecko", "price": 1, "change_24h_percent": 90.0, "days": 3},
]
SPREADS = [
    {"source": "coinbase", "price": 99, "spread_bps": -100.0, "slot_time": HOUR},
    {"source": "coingecko", "price": 101, "spread_bps": 100.0, "slot_time": HOUR},
    {"source": "coinbase", "price": 50, "spread_bps": 0.0, "slot_time": HOUR - timedelta(hours=1)},
    {"source": "binance", "quote": "USDT", "price": 101, "usd_spread_bps": 100.0, "slot_time": HOUR},
    {"source": "alone", "base": "DOGE", "price": 2, "slot_time": HOUR},
]
DAYS = [
    {"dt": DAY_BEFORE, "close": 80, "drawdown": -0.2, "volume": 5, "is_complete": True, "coverage": 1.0},
    {"dt": DAY, "close": 100, "drawdown": 0.0, "simple_return": 0.25, "volatility_30d": 0.5, "volume": 5},
    {"dt": DAY, "close": 101, "drawdown": -0.1, "source": "binance", "quote": "USDT", "volume": 1},
    {"dt": DAY, "close": 2, "drawdown": -0.5, "base": "DOGE", "volatility_30d": 1.5},
    {"dt": DAY, "close": 7, "base": "HALF", "is_complete": False, "coverage": 0.5},
]
GAPS = [
    {"state": "present", "buckets": 6},
    {"state": "no_trade", "buckets": 3},
    {"state": "our_outage", "buckets": 1},
    {"state": "not_listed", "buckets": 7},
]
MARKET_DAYS = [
    {"dt": DAY, "assets": 4, "assets_up": 3, "assets_down": 1, "breadth": 0.75, "btc_dominance": 0.5}
    | {"coverage": 1.0},
    {"dt": DAY_BEFORE, "assets": 4, "assets_up": 0, "assets_down": 4, "breadth": 0.0},
]


def put(store: ObjectStore, table: str, partition: str, rows: list[dict[str, Any]]) -> None:
    """The rows as the part of a refined table, numbers where it has decimals made decimals."""
    schema = catalog()[table].schema
    filled = [{field.name: _value(row, number, field) for field in schema} for number, row in enumerate(rows)]
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(filled, schema), body)
    folder = f"{catalog()[table].location}{partition}/" if partition else catalog()[table].location
    store.put(f"{folder}part.parquet", body.getvalue())


def _value(row: dict[str, Any], number: int, field: pa.Field) -> Any:
    value = row.get(field.name, _missing(field, number))
    return Decimal(value) if pa.types.is_decimal(field.type) and value is not None else value


def _missing(field: pa.Field, number: int) -> Any:
    """What a row of bitcoin in dollars may leave out."""
    known_values = {
        "source": "coingecko",
        "base": "BTC",
        "quote": "USD",
        "open_time": TODAY + timedelta(hours=number),
    }
    if field.nullable or field.name in known_values:
        return known_values.get(field.name)
    if pa.types.is_timestamp(field.type):
        return NOW
    return "x" if pa.types.is_string(field.type) else 1


def fill(store: ObjectStore) -> None:
    """Every table that a question asks."""
    month = f"month={TODAY:%Y-%m}"
    latest = [row | {"observed_at": NOW - timedelta(days=row.get("days", 0))} for row in LATEST]
    put(store, "latest", "", latest)
    put(store, "spreads", month, SPREADS)
    put(store, "asset_days", month, DAYS)
    put(store, "market_days", f"year={TODAY:%Y}", MARKET_DAYS)
    put(store, "gaps", f"interval=1h/{month}", GAPS)
    quotes = [
        {"price": price, "observed_at": HOUR + timedelta(minutes=at)}
        for at, price in ((0, 7), (5, 9), (9, 8))
    ]
    put(store, "quotes", f"dt={HOUR:%Y-%m-%d}", quotes)
    put(store, "tickers", f"stream={STREAM}/symbol=BTCUSDT/dt={DAY}", [{"close": 100}])
    moods = [{"observed_at": YESTERDAY, "value": 20, "classification": "Fear"}]
    put(store, "sentiment", "index=fear_and_greed", moods)


HUNDRED = Decimal(100)
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "latest_prices": [
        {"base": "BTC", "price": HUNDRED, "rank": 1},
        {"base": "DOGE", "price": Decimal(2), "rank": 9},
        {"base": "BTC", "quote": "USDT", "price": Decimal(101), "rank": None},
        {"base": "OLD", "price": Decimal(1)},
    ],
    "price_history": [
        {"hour": HOUR, "price": Decimal(8), "low": Decimal(7), "high": Decimal(9), "snapshots": 3},
    ],
    "daily_ohlcv": [
        {"base": "BTC", "quote": "USD", "dt": DAY, "close": HUNDRED, "change_percent": 25.0},
        {"base": "BTC", "quote": "USD", "dt": DAY_BEFORE, "close": Decimal(80), "is_complete": True},
        {"base": "BTC", "quote": "USDT", "dt": DAY, "close": Decimal(101)},
        {"base": "DOGE", "quote": "USD", "dt": DAY, "close": Decimal(2)},
        {"base": "HALF", "close": Decimal(7), "is_complete": False, "coverage_percent": 50.0},
    ],
    "venue_spreads": [
        {"quote": "USD", "source": "coinbase", "price": Decimal(99), "spread_bps": -100.0},
        {"quote": "USD", "source": "coingecko", "price": Decimal(101), "spread_bps": 100.0},
        {"quote": "USDT", "source": "binance", "spread_bps": None, "usd_spread_bps": 100.0},
    ],
    "movers": [
        {"base": "DOGE", "change_24h_percent": 12.0},
        {"base": "BTC", "source": "coingecko", "change_24h_percent": -2.5},
    ],
    "volatility": [
        {"base": "DOGE", "volatility_percent": 150.0, "close": Decimal(2)},
        {"base": "BTC", "dt": DAY, "volatility_percent": 50.0, "close": HUNDRED},
    ],
    "drawdowns": [
        {"base": "DOGE", "drawdown_percent": -50.0},
        {"base": "BTC", "source": "binance", "drawdown_percent": -10.0},
        {"base": "BTC", "drawdown_percent": 0.0, "deepest_percent": -20.0, "deepest_dt": DAY_BEFORE},
    ],
    "market_breadth": [
        {
            "dt": DAY,
            "breadth_percent": 75.0,
            "assets_up": 3,
            "btc_dominance_percent": 50.0,
            "coverage_percent": 100.0,
        },
        {"dt": DAY_BEFORE, "breadth_percent": 0.0, "btc_dominance_percent": None},
    ],
    "coverage": [
        {
            "interval": "1h",
            "buckets": 17,
            "present": 6,
            "our_outage": 1,
            "pending": 0,
            "explained_percent": 90.0,
        },
    ],
    "sentiment_vs_price": [
        {
            "dt": DAY_BEFORE,
            "value": 20,
            "close": Decimal(80),
            "change_percent": None,
            "next_change_percent": 25.0,
        },
    ],
}
