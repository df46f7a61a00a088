"""A good frame of each live dataset, the bad ones that each code is for, and how the collector keeps them."""

import gzip
import json

from tests.unit.transform.conftest import read_bytes

SENT = 1795132857136  # 2026-11-20T00:00:57.136Z
RECEIVED = SENT * 1000 + 51_234
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
GAP = {
    **{"stream": "btcusdt@trade", "reason": "disconnected", "from": SENT * 1000, "to": RECEIVED},
    **{"first_id": 7, "last_id": 9, "frames": 3},
}


def _binance(name, good):
    return lambda **changes: {"stream": changes.pop("stream", name), "data": _changed(good, changes)}


def _kline(**changes):
    outer = {name: changes.pop(name) for name in ("stream", "e", "E", "k") if name in changes}
    data = {"e": "kline", "E": SENT, "s": "BTCUSDT", "k": _changed(BAR, changes)}
    stream = outer.pop("stream", "btcusdt@kline_1m")
    return {"stream": stream, "data": _changed(data, outer)}


def _plain(good):
    return lambda **changes: _changed(good, changes)


def _changed(good, changes):
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


_PRICES = {
    "missing_price": [None, ...],
    "bad_type": [True, "", "x", " 1", []],
    "inexact": ["1.000000001"],
    "nonfinite": ["NaN", float("inf")],
    "out_of_range": ["0", "-1", "10000000000"],
}
_AMOUNTS = {
    "bad_type": ["x", []],
    "inexact": ["0.123456789"],
    "nonfinite": ["1e999"],
    "out_of_range": ["-0.00000001", "1e20"],
}
_TEXTS = {"missing_field": [None], "bad_type": [7], "bad_text": ["BTC\x7f"]}


def _bad(**kinds):
    """Changes by code: of each column that is of a kind, its bad values."""
    found = {}
    for name, (column_kind, extra) in kinds.items():
        for code, values in [*column_kind.items(), *extra.items()]:
            found.setdefault(code, []).extend({name: value} for value in values)
    return found


def _also(base, **more):
    return {code: [*base.get(code, []), *more.get(code, [])] for code in {*base, *more}}


_IDS = {"missing_field": [None, ...], "bad_type": ["7", 1.5, True], "out_of_range": [-1, 10**30]}
_FLAGS = {"missing_field": [None, ...], "bad_type": ["true", 1]}
_SYMBOL = {"inconsistent": ["ETHUSDT", "btcusdt"]}
_MILLIS = {
    "missing_field": [...],
    "bad_time": [SENT // 1000, SENT - 86_500_000],
    "future_time": [SENT + 300_052],
}
_ISO = {
    "missing_field": [None],
    "bad_time": ["soon", 7, "2026-11-20T00:00:57", "2026-11-18T00:00:00Z"],
    "future_time": ["2026-11-20T00:05:58Z"],
}
# (source, dataset): what makes a frame, the codes' changes to it, what makes it another row
LIVE = {
    ("binance", "trades"): (
        _binance("btcusdt@trade", TRADE),
        _also(
            _bad(
                p=(_PRICES, {}),
                q=(_AMOUNTS, {}),
                t=(_IDS, {}),
                m=(_FLAGS, {}),
                s=(_TEXTS, _SYMBOL),
                E=(_MILLIS, {}),
                T=(_MILLIS, {}),
            ),
            unsupported_stream=[{"e": "aggTrade"}, {"stream": "btcusdt@miniTicker"}, {"stream": None}],
            unknown_symbol=[{"s": "BTCXYZ", "stream": "btcxyz@trade"}, {"s": "USDT", "stream": "usdt@trade"}],
            inconsistent=[{"stream": "ethusdt@trade"}],
        ),
        "t",
    ),
    ("binance", "book_tickers"): (
        _binance("btcusdt@bookTicker", BOOK),
        _also(
            _bad(
                b=(_PRICES, {}),
                a=({k: v for k, v in _PRICES.items() if k != "out_of_range"}, {}),
                B=(_AMOUNTS, {}),
                A=(_AMOUNTS, {}),
                u=(_IDS, {}),
                s=(_TEXTS, _SYMBOL),
            ),
            unsupported_stream=[{"stream": "btcusdt@trade"}, {"e": "trade"}],
            unknown_symbol=[{"s": "BTCXYZ", "stream": "btcxyz@bookTicker"}],
            inconsistent=[{"a": "1"}],
        ),
        "u",
    ),
    ("binance", "klines"): (
        _kline,
        _also(
            _bad(o=(_PRICES, {}), v=(_AMOUNTS, {}), x=(_FLAGS, {}), s=(_TEXTS, _SYMBOL), E=(_MILLIS, {})),
            unsupported_stream=[
                {"e": "trade"},
                {"stream": "btcusdt@trade"},
                {"i": "2m", "stream": "btcusdt@kline_2m"},
            ],
            not_an_object=[{"k": []}],
            unknown_symbol=[{"s": "BTCXYZ", "stream": "btcxyz@kline_1m"}],
            bad_type=[{"n": "x"}],
            out_of_range=[{"n": -1}],
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
        "E",
    ),
    ("coinbase", "trades"): (
        _plain(MATCH),
        _also(
            _bad(
                price=(_PRICES, {}),
                size=(_AMOUNTS, {}),
                trade_id=(_IDS, {}),
                time=(_ISO, {}),
                product_id=(_TEXTS, {}),
            ),
            unsupported_stream=[{"type": "ticker"}, {"type": None}],
            bad_type=[{"side": "both"}],
            missing_field=[{"side": None}],
            unknown_symbol=[{"product_id": "BTCUSD"}],
        ),
        "trade_id",
    ),
    ("coinbase", "tickers"): (
        _plain(TICKER),
        _also(
            _bad(
                price=(_PRICES, {}),
                volume_24h=(_AMOUNTS, {}),
                sequence=(_IDS, {}),
                time=(_ISO, {}),
                product_id=(_TEXTS, {}),
            ),
            unsupported_stream=[{"type": "match"}, {"type": "subscriptions"}],
            inconsistent=[{"high_24h": "1"}, {"open_24h": "9999"}],
        ),
        "sequence",
    ),
    **dict.fromkeys(
        [("binance", "stream_gaps"), ("coinbase", "stream_gaps")],
        (
            _plain(GAP),
            {
                "missing_field": [{"from": None}, {"to": ...}, {"stream": None}, {"reason": None}],
                "bad_type": [{"from": "soon"}, {"first_id": "x"}, {"reason": 7}],
                "out_of_range": [{"frames": -1}, {"last_id": 10**30}],
                "bad_time": [{"from": 7}, {"to": 7, "from": 3}],
                "inconsistent": [{"to": GAP["from"] - 1}, {"last_id": 6}],
            },
            "first_id",
        ),
    ),
}


def key(source, dataset):
    return f"raw/source={source}/dataset={dataset}/dt=2026-11-20/20261120T000100Z.c1.000000001.jsonl.gz"


def line(frame, received_at=RECEIVED):
    """A line as the collector writes it."""
    return f'{{"received_at":{received_at},"frame":{json.dumps(frame, separators=(",", ":"))}}}'


def read(where, *lines):
    return read_bytes(key(*where), gzip.compress("\n".join(lines).encode()), max_bytes=1 << 26)


def rows(parsed):
    return [row for part in parsed.slices for row in part.rows.to_pylist()]
