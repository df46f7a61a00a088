"""Recorded answers of Binance's public archive."""

from tests.unit.transform.answers import Sample

SAMPLES = [
    Sample("binance_archive", "candles", "BTC-USDT.1h.2024-12-31", "BTCUSDT-1h-2024-12-31.zip", "zip"),
    Sample("binance_archive", "candles", "BTC-USDT.1h.2026-11-19", "BTCUSDT-1h-2026-11-19.zip", "zip"),
]
ERRORS = []
WITHOUT_ROWS = []
TABLES = {
    "candles": "candles",
}
