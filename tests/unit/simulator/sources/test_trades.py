"""Trades by REST, at both venues."""

import pytest

from tests.unit.simulator.asgi import NOW
from tests.unit.simulator.binance_requests import CLIENT, get


def ids(reply, name="id"):
    assert reply.status == 200, reply.text
    return [row[name] for row in reply.json]


def test_binance_answers_exactly_the_requested_ids():
    newest = ids(get("/trades", symbol="BTCUSDT", limit=1))[0]
    assert ids(get("/historicalTrades", symbol="BTCUSDT", fromId=newest - 9, limit=4)) == [
        newest - 9, newest - 8, newest - 7, newest - 6,
    ]  # fmt: skip
    assert ids(get("/historicalTrades", symbol="BTCUSDT", fromId=newest - 1)) == [newest - 1, newest]
    assert ids(get("/historicalTrades", symbol="BTCUSDT", fromId=newest + 1)) == []
    assert len(ids(get("/historicalTrades", symbol="BTCUSDT"))) == 500
    assert len(ids(get("/trades", symbol="BTCUSDT", limit=5_000))) == 1_000
    assert ids(get("/historicalTrades", symbol="BTCUSDT", fromId=0, limit=2)) == [1, 2]


def test_binances_rows_have_the_documented_fields():
    row = get("/historicalTrades", symbol="SHIBUSDT", limit=1).json[0]
    assert list(row) == ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"]
    assert float(row["price"]) * float(row["qty"]) == pytest.approx(float(row["quoteQty"]), rel=1e-9)
    assert 0 <= NOW * 1_000 - row["time"] < 1_000
    micro = get("/trades", symbol="SHIBUSDT", limit=1, headers={"x-mbx-time-unit": "MICROSECOND"}).json[0]
    assert micro["time"] // 1_000 == row["time"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, -1102),
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"symbol": "btc usdt"}, -1100),
        ({"symbol": "BTCUSDT", "fromId": "x"}, -1100),
        ({"symbol": "BTCUSDT", "limit": 0}, -1130),
        ({"symbol": "BTCUSDT", "before": 1}, -1104),
    ],
)
def test_binance_refuses_what_it_does_not_know(asked, code):
    reply = get("/historicalTrades", **asked)
    assert (reply.status, reply.json["code"]) == (400, code)


def test_extra_symbols_for_load_have_trades_but_are_not_listed():
    assert len(ids(get("/trades", symbol="SIM4711USDT"))) == 500
    assert get("/ticker/price", symbol="SIM4711USDT").json["code"] == -1121


def coinbase(query="", product="BTC-USD"):
    return CLIENT.get(f"/coinbase/products/{product}/trades{query}")


def test_coinbase_pages_backwards_by_the_cursor_of_the_page_before():
    first = coinbase("?limit=3")
    newest = ids(first, "trade_id")
    assert newest == sorted(newest, reverse=True)
    assert (first.headers["cb-before"], first.headers["cb-after"]) == (str(newest[0]), str(newest[-1]))
    second = coinbase(f"?limit=3&after={first.headers['cb-after']}")
    assert ids(second, "trade_id") == [newest[-1] - 1, newest[-1] - 2, newest[-1] - 3]
    assert ids(coinbase(f"?before={newest[-1]}"), "trade_id") == newest[:-1]
    assert ids(coinbase(f"?before={newest[0]}"), "trade_id") == []
    assert ids(coinbase("?after=3"), "trade_id") == [2, 1]


def test_coinbase_refuses_bad_cursors_and_unknown_products():
    assert (coinbase("?after=x").status, coinbase(product="NOPE-USD").status) == (400, 404)
    assert coinbase(product="OLD-USD").json == []
