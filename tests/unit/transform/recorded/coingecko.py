"""Recorded answers of CoinGecko."""

from tests.unit.transform.answers import Sample

SAMPLES = [
    Sample("coingecko", "assets", "coins", "coingecko_coins_list.json"),
    Sample("coingecko", "ohlc", "bitcoin-usd.1d", "coingecko_ohlc_days1_30min.json"),
    Sample("coingecko", "ohlc", "bitcoin-usd.365d", "coingecko_ohlc_days365_4day.json"),
    Sample("coingecko", "price_points", "bitcoin-usd.1h.24", "coingecko_market_chart_days1_5min.json"),
    Sample("coingecko", "price_points", "bitcoin-usd.1h.24", "coingecko_market_chart_days7_hourly.json"),
    Sample("coingecko", "price_points", "bitcoin-usd.1h.24", "coingecko_market_chart_days365_daily.json"),
    Sample("coingecko", "price_points", "bitcoin-usd.1h.24", "coingecko_market_chart_range.json"),
    Sample("coingecko", "prices", "prices.usd.p1", "coingecko_simple_price.json"),
    Sample("coingecko", "quotes", "markets.usd.p1", "coingecko_coins_markets.json"),
]
ERRORS = [
    Sample("coingecko", "prices", "prices.usd.p1", "coingecko_error_429_rate_limit.json"),
    Sample("coingecko", "price_points", "nope-usd.1h.24", "coingecko_error_404_coin_not_found.json"),
    Sample("coingecko", "price_points", "bitcoin-usd.1h.24", "coingecko_error_401_10012_time_range.json"),
    Sample("coingecko", "ohlc", "bitcoin-usd.1d", "coingecko_error_401_10002_missing_key.json"),
    Sample("coingecko", "assets", "coins", "coingecko_error_429_rate_limit.json"),
]
WITHOUT_ROWS = [
    Sample("coingecko", "prices", "prices.usd.p1", "coingecko_simple_price_unknown_id.json"),
]
TABLES = {
    "assets": "assets",
    "ohlc": "candles",
    "price_points": "price_points",
    "prices": "quotes",
    "quotes": "quotes",
}
