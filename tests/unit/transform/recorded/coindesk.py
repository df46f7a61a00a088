"""Recorded answers of CoinDesk."""

from tests.unit.transform.answers import Sample

SAMPLES = [
    Sample("coindesk", "bpi", "bpi", "coindesk_bpi.json"),
    Sample("coindesk", "candles", "BTC-USD.1d.1", "coindesk_spot_days.json"),
    Sample("coindesk", "quotes", "ticks.usd.p1", "coindesk_latest_tick.json"),
]
ERRORS = [
    Sample("coindesk", "quotes", "ticks.usd.p1", "coindesk_error_401.json"),
    Sample("coindesk", "candles", "BTC-USD.1d.1", "coindesk_error_401.json"),
]
WITHOUT_ROWS = []
TABLES = {
    "bpi": "quotes",
    "candles": "candles",
    "quotes": "quotes",
}
