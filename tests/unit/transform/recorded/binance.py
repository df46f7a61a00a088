"""Recorded answers of Binance, and a good frame of each live dataset with its bad variations."""

from tests.unit.transform.answers import Sample
from tests.unit.transform.frames import (
    AMOUNTS,
    FLAGS,
    IDS,
    MILLIS,
    MOMENTS,
    PRICES,
    SENT,
    STREAM_GAPS,
    TEXTS,
    LiveFrames,
    by_code,
    changed,
    combined,
)

SAMPLES = [
    Sample("binance", "assets", "exchange_info", "binance_exchange_info.json"),
    Sample("binance", "candles", "BTC-USDT.1h.3", "binance_klines_1h.json"),
    Sample("binance", "candles", "SHIB-USDT.1d.1", "binance_klines_1d_shib.json"),
    Sample("binance", "quotes", "tickers.usdt.p1", "binance_ticker_24hr_full.json"),
    Sample("binance", "quotes", "tickers.usdt.p1", "binance_ticker_24hr_mini_array.json"),
    Sample("binance", "trade_history", "BNB-BTC.28457.2", "binance_historical_trades.json"),
]
ERRORS = [
    Sample("binance", "candles", "NOPE-USDT.1h.3", "binance_error_400_symbol.json"),
    Sample("binance", "quotes", "tickers.usdt.p1", "binance_error_418.json"),
    Sample("binance", "assets", "exchange_info", "binance_error_451.json"),
    Sample("binance", "trade_history", "NOPE-USDT.1.2", "binance_error_400_symbol.json"),
]
WITHOUT_ROWS = [
    Sample("binance", "candles", "BTC-USDT.1h.3", "binance_klines_empty.json"),
]
TABLES = {
    "assets": "assets",
    "candles": "candles",
    "quotes": "quotes",
    "trade_history": "trades",
}

TRADE = {
    **{"e": "trade", "E": SENT, "s": "BTCUSDT", "t": 12345, "p": "77361.43000000", "q": "0.10000000"},
    **{"T": SENT - 1, "m": True, "M": True},
}
BOOK = {
    **{"u": 400900217, "s": "BTCUSDT", "b": "77361.43000000", "B": "31.21000000"},
    **{"a": "77361.44000000", "A": "40.66000000"},
}
BAR = {
    **{"t": 1795132800000, "T": 1795132859999, "s": "BTCUSDT", "i": "1m", "f": 100, "L": 600},
    **{"o": "77355.10000000", "c": "77361.43000000", "h": "77370.00000000", "l": "77350.02000000"},
    **{"v": "4.10220000", "n": 501, "x": False, "q": "317331.20110000", "V": "2.01110000"},
    **{"Q": "155573.10220000", "B": "0"},
}
_SYMBOL = {"inconsistent": ["ETHUSDT", "btcusdt"]}


def _binance(name, good):
    return lambda **changes: {"stream": changes.pop("stream", name), "data": changed(good, changes)}


def _kline(**changes):
    outer = {name: changes.pop(name) for name in ("stream", "e", "E", "k") if name in changes}
    data = {"e": "kline", "E": SENT, "s": "BTCUSDT", "k": changed(BAR, changes)}
    stream = outer.pop("stream", "btcusdt@kline_1m")
    return {"stream": stream, "data": changed(data, outer)}


LIVE = {
    "trades": LiveFrames(
        _binance("btcusdt@trade", TRADE),
        combined(
            by_code(
                p=(PRICES, {}),
                q=(AMOUNTS, {}),
                t=(IDS, {}),
                m=(FLAGS, {}),
                s=(TEXTS, _SYMBOL),
                E=(MILLIS, {}),
                T=(MOMENTS, {}),
            ),
            unsupported_stream=[{"e": "aggTrade"}, {"stream": "btcusdt@miniTicker"}, {"stream": None}],
            unknown_symbol=[{"s": "BTCXYZ", "stream": "btcxyz@trade"}, {"s": "USDT", "stream": "usdt@trade"}],
            inconsistent=[{"stream": "ethusdt@trade"}],
        ),
        ("t",),
        99,
    ),
    "book_tickers": LiveFrames(
        _binance("btcusdt@bookTicker", BOOK),
        combined(
            by_code(
                b=(PRICES, {}),
                a=({k: v for k, v in PRICES.items() if k != "out_of_range"}, {}),
                B=(AMOUNTS, {}),
                A=(AMOUNTS, {}),
                u=(IDS, {}),
                s=(TEXTS, _SYMBOL),
            ),
            unsupported_stream=[{"stream": "btcusdt@trade"}, {"e": "trade"}],
            unknown_symbol=[{"s": "BTCXYZ", "stream": "btcxyz@bookTicker"}],
            inconsistent=[{"a": "1"}],
        ),
        ("u",),
        98,
    ),
    "klines": LiveFrames(
        _kline,
        combined(
            by_code(o=(PRICES, {}), x=(FLAGS, {}), s=(TEXTS, _SYMBOL), E=(MILLIS, {})),
            unsupported_stream=[
                {"e": "trade"},
                {"stream": "btcusdt@trade"},
                {"i": "2m", "stream": "btcusdt@kline_2m"},
            ],
            not_an_object=[{"k": []}],
            unknown_symbol=[{"s": "BTCXYZ", "stream": "btcxyz@kline_1m"}],
            bad_time=[{"t": BAR["t"] + 1000, "T": BAR["T"] + 1000}],
            inconsistent=[
                {"h": "1"},
                {"c": "9"},
                {"stream": "btcusdt@kline_5m"},
                {"T": BAR["T"] + 1},
                {"T": BAR["t"]},
                {"t": BAR["t"] + 60_000, "T": BAR["T"] + 60_000},
            ],
        ),
        ("E",),
        SENT,
        {
            "volume": by_code(v=(AMOUNTS, {})),
            "quote_volume": by_code(q=(AMOUNTS, {})),
            "trades": {"bad_type": [{"n": "x"}], "out_of_range": [{"n": -1}, {"n": 2**63}]},
        },
    ),
    "stream_gaps": STREAM_GAPS,
}
