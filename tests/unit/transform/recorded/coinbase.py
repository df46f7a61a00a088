"""Recorded answers of Coinbase Exchange, and a good frame of each live dataset with its bad variations."""

from tests.unit.transform.answers import Sample
from tests.unit.transform.frames import (
    AMOUNTS,
    IDS,
    ISO,
    PRICES,
    STREAM_GAPS,
    TEXTS,
    LiveFrames,
    by_code,
    combined,
    plain,
)

SAMPLES = [
    Sample("coinbase", "trade_history", "BTC-USD.73.2", "coinbase_trades.json"),
    Sample("coinbase", "assets", "products", "coinbase_products.json"),
    Sample("coinbase", "candles", "BTC-USD.1h.3", "coinbase_candles_3600.json"),
    Sample("coinbase", "candles", "SHIB-USD.1m.5", "coinbase_candles_60_gap.json"),
    Sample("coinbase", "quotes", "BTC-USD", "coinbase_ticker.json"),
    Sample("coinbase", "stats", "BTC-USD", "coinbase_stats.json"),
]
ERRORS = [
    Sample("coinbase", "quotes", "NOPE-USD", "coinbase_error_404.json"),
    Sample("coinbase", "stats", "NOPE-USD", "coinbase_error_404.json"),
    Sample("coinbase", "assets", "products", "coinbase_error_404.json"),
    Sample("coinbase", "trade_history", "NOPE-USD.1.2", "coinbase_error_404.json"),
]
WITHOUT_ROWS = []
TABLES = {
    "assets": "assets",
    "candles": "candles",
    "quotes": "quotes",
    "stats": "quotes",
    "trade_history": "trades",
}

MATCH = {
    **{"type": "match", "trade_id": 10, "maker_order_id": "ac928c66", "taker_order_id": "132fb6ae"},
    **{"side": "sell", "size": "5.23512", "price": "400.23", "product_id": "BTC-USD", "sequence": 50},
    "time": "2026-11-20T00:00:57.136482Z",
}
TICKER = {
    **{"type": "ticker", "sequence": 37475248783, "product_id": "BTC-USD", "price": "1285.22"},
    **{"open_24h": "1310.79", "volume_24h": "245532.79269678", "low_24h": "1280.52", "high_24h": "1313.8"},
    **{"volume_30d": "9788783.60117027", "best_bid": "1285.04", "best_bid_size": "0.46688654"},
    **{"best_ask": "1285.27", "best_ask_size": "1.5663704", "side": "buy"},
    **{"time": "2026-11-20T00:00:57.136482Z", "trade_id": 370843401, "last_size": "11.4396987"},
}

LIVE = {
    "trades": LiveFrames(
        plain(MATCH),
        combined(
            by_code(
                price=(PRICES, {}),
                size=(AMOUNTS, {}),
                trade_id=(IDS, {}),
                time=(ISO, {}),
                product_id=(TEXTS, {}),
            ),
            unsupported_stream=[{"type": "ticker"}, {"type": None}],
            bad_type=[{"side": "both"}],
            missing_field=[{"side": None}],
            unknown_symbol=[{"product_id": "BTCUSD"}],
        ),
        ("trade_id",),
        9,
    ),
    "tickers": LiveFrames(
        plain(TICKER),
        combined(
            by_code(
                price=(PRICES, {}),
                sequence=(IDS, {}),
                time=(ISO, {}),
                product_id=(TEXTS, {}),
            ),
            unsupported_stream=[{"type": "match"}, {"type": "subscriptions"}],
            inconsistent=[{"high_24h": "1"}, {"open_24h": "9999"}],
        ),
        ("sequence",),
        97,
        {"volume": by_code(volume_24h=(AMOUNTS, {}))},
    ),
    "stream_gaps": STREAM_GAPS,
}
