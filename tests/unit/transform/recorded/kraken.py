"""Answers of Kraken, and a good message of each live dataset with its bad variations."""

from tests.unit.transform.answers import Sample
from tests.unit.transform.frames import (
    AMOUNTS,
    IDS,
    ISO,
    PRICES,
    STREAM_GAPS,
    LiveFrames,
    by_code,
    changed,
    combined,
)

SAMPLES = [
    Sample("kraken", "assets", "asset_pairs", "kraken/asset_pairs.json"),
    Sample("kraken", "candles", "XBT-USD.1h.2", "kraken/ohlc.json"),
    Sample("kraken", "quotes", "tickers.usd.p1", "kraken/ticker.json"),
    Sample("kraken", "trade_history", "XBT-USD.104772810.3", "kraken/trades.json"),
]
ERRORS = [
    Sample("kraken", "candles", "NOPE-USD.1h.2", "kraken/error_unknown_asset_pair.json"),
    Sample("kraken", "quotes", "tickers.usd.p1", "kraken/error_too_many_requests.json"),
    Sample("kraken", "assets", "asset_pairs", "kraken/error_unknown_method.json"),
    Sample("kraken", "trade_history", "XBT-USD.1.2", "kraken/error_invalid_arguments.json"),
]
WITHOUT_ROWS = []
TABLES = {"assets": "assets", "candles": "candles", "quotes": "quotes", "trade_history": "trades"}

TRADE = {
    **{"symbol": "BTC/USD", "side": "sell", "price": 77361.3, "qty": 0.0041228, "ord_type": "market"},
    **{"trade_id": 104772812, "timestamp": "2026-11-20T00:00:57.018412Z"},
}
TICKER = {
    **{"symbol": "BTC/USD", "bid": 77361.3, "bid_qty": 1.0, "ask": 77361.4, "ask_qty": 2.41807},
    **{"last": 77361.4, "volume": 2184.91370044, "vwap": 77102.7, "low": 76120.5, "high": 78015.9},
    **{"change": -210.6, "change_pct": -0.27, "trades": 61877, "timestamp": "2026-11-20T00:00:57.018412Z"},
}
CANDLE = {
    **{"symbol": "BTC/USD", "open": 77310.0, "high": 77361.4, "low": 77290.0, "close": 77361.4},
    **{"trades": 104, "volume": 1.40716552, "vwap": 77340.2, "interval": 1},
    **{"interval_begin": "2026-11-20T00:00:00.000000000Z", "timestamp": "2026-11-20T00:01:00.000000Z"},
}
SENT = "2026-11-20T00:00:57.118412345Z"


def message(kind, good, *, sent=..., number=None, **changes):
    """A message of one row; ``number`` makes its time another one."""
    outer = {name: changes.pop(name) for name in ("channel", "data") if name in changes}
    if number is not None:
        time = f"2026-11-20T00:00:57.{100_000 + number}Z"
        if sent is ...:
            changes["timestamp"] = time
        else:
            sent = time
    frame = {"channel": kind, "type": "update", "timestamp": sent, "data": [changed(good, changes)]}
    return changed(frame, outer)


def trade(**changes):
    return message("trade", TRADE, **changes)


def ticker(**changes):
    return message("ticker", TICKER, **changes)


def candle(*, sent=SENT, **changes):
    return message("ohlc", CANDLE, sent=sent, **changes)


_TIMES = {code: values for code, values in ISO.items() if code != "missing_field"}
_SENT = {**ISO, "bad_time": ["soon", 7, "2026-11-18T00:00:00Z"]}
_SYMBOLS = {
    "missing_field": [None],
    "bad_type": [7],
    "bad_text": ["BTC\x7f"],
    "unknown_symbol": ["BTCUSD", "BTC/", "BTC/USD/EUR"],
}
_BAD = {
    "unsupported_stream": [{"channel": "book"}, {"channel": None}, {"data": None}],
    "bad_shape": [{"data": []}, {"data": {}}],
    "not_an_object": [{"data": [7]}],
}

LIVE = {
    "trades": LiveFrames(
        trade,
        combined(
            by_code(
                price=(PRICES, {}),
                qty=(AMOUNTS, {}),
                trade_id=(IDS, {}),
                timestamp=(ISO, {}),
                symbol=(_SYMBOLS, {}),
            ),
            **_BAD,
            bad_type=[{"side": "both"}],
            missing_field=[{"side": None}],
        ),
        ("trade_id",),
        9,
    ),
    "tickers": LiveFrames(
        ticker,
        combined(
            by_code(last=(PRICES, {}), timestamp=(_TIMES, {}), symbol=(_SYMBOLS, {})),
            **_BAD,
            missing_field=[{"change": None}],
            out_of_range=[
                {"change": "77361.4"},
                {"change": "-9999999999", "last": "9999999999", "high": "9999999999"},
            ],
            inconsistent=[{"high": "1"}, {"last": "9"}],
        ),
        ("number",),
        97,
        {"volume": by_code(volume=(AMOUNTS, {}))},
    ),
    "klines": LiveFrames(
        candle,
        combined(
            by_code(open=(PRICES, {}), sent=(_SENT, {}), symbol=(_SYMBOLS, {})),
            unsupported_stream=[*_BAD["unsupported_stream"], {"interval": 2}, {"interval": 10**12}],
            bad_shape=_BAD["bad_shape"],
            not_an_object=_BAD["not_an_object"],
            missing_field=[{"interval": None}, {"interval_begin": None}],
            bad_type=[{"interval": "1"}],
            bad_time=[
                {"interval_begin": "2026-11-20T00:00:01Z"},
                {"interval_begin": "1999-11-20T00:00:00Z"},
            ],
            inconsistent=[{"high": "1"}, {"close": "9"}, {"interval_begin": "2026-11-20T00:01:00Z"}],
        ),
        ("number",),
        95,
        {
            "volume": by_code(volume=(AMOUNTS, {})),
            "trades": {"bad_type": [{"trades": "x"}], "out_of_range": [{"trades": -1}]},
        },
    ),
    "stream_gaps": STREAM_GAPS,
}
