"""Rows of the lake for load's tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def quote(minute: int, price: Any, base: str = "BTC", **more: Any) -> dict[str, Any]:
    return {
        **{"source": "coingecko", "base": base, "quote": "USD", "raw_symbol": base.lower()},
        "observed_at": DAY + timedelta(minutes=minute),
        "price": Decimal(price),
        "received_at": DAY + timedelta(minutes=minute, microseconds=123456),
        "raw_key": "raw/source=coingecko/dataset=markets/dt=2026-11-20/20261120T000000Z.json.gz",
        **more,
    }


def candle(hour: int, close: Any, base: str = "BTC", **more: Any) -> dict[str, Any]:
    return {
        **{"source": "coinbase", "base": base, "quote": "USD", "raw_symbol": f"{base}-USD"},
        "open_time": DAY + timedelta(hours=hour),
        **dict.fromkeys(["open", "high", "low", "close"], Decimal(close)),
        "volume": Decimal(1),
        "is_closed": True,
        "received_at": DAY + timedelta(hours=hour + 1),
        "raw_key": "raw/source=coinbase/dataset=candles/dt=2026-11-20/20261120T000000Z.BTC-USD.json.gz",
        **more,
    }
