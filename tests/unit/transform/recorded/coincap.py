"""Recorded answers of CoinCap."""

from tests.unit.transform.answers import Sample

SAMPLES = [
    Sample("coincap", "price_points", "bitcoin-usd.1d.2", "coincap_v2_asset_history_d1.json"),
    Sample("coincap", "price_points", "bitcoin-usd.1d.2", "coincap_v3_asset_history_d1.json"),
    Sample("coincap", "quotes", "assets.usd.p1", "coincap_v2_assets.json"),
    Sample("coincap", "quotes", "assets.usd.p1", "coincap_v3_assets.json"),
    Sample("coincap", "quotes", "assets.usd.p1", "coincap_v2_asset_bitcoin.json"),
    Sample("coincap", "quotes", "assets.usd.p1", "coincap_v3_asset_bitcoin.json"),
    Sample("coincap", "rates", "rates", "coincap_v2_rates.json"),
    Sample("coincap", "rates", "rates", "coincap_v3_rates.json"),
]
ERRORS = [
    Sample("coincap", "quotes", "assets.usd.p1", "coincap_v2_retired_notice.json"),
    Sample("coincap", "rates", "rates", "coincap_v2_retired_notice.json"),
    Sample("coincap", "quotes", "assets.usd.p1", "coincap_v3_error_400_limit.json"),
    Sample("coincap", "rates", "rates", "coincap_v3_error_401.json"),
    Sample("coincap", "price_points", "bitcoin-usd.1d.2", "coincap_v3_error_429.json"),
]
WITHOUT_ROWS = []
TABLES = {
    "price_points": "price_points",
    "quotes": "quotes",
    "rates": "rates",
}
