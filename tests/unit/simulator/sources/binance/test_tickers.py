"""Binance spot: tickers and exchangeInfo."""

from decimal import Decimal

import pytest

from tests.unit.simulator.asgi import NOW
from tests.unit.simulator.binance_requests import CLIENT, get, klines


def test_coinbase_agrees_up_to_the_spread():
    close = float(klines(limit=1)[0][4])
    ticker = CLIENT.get("/coinbase/products/BTC-USD/ticker").json
    gecko = CLIENT.get("/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&precision=full").json
    assert close == pytest.approx(float(ticker["price"]), rel=1e-3)
    assert close == pytest.approx(gecko["bitcoin"]["usd"], rel=1e-2)


def test_a_full_ticker_agrees_with_itself_and_the_klines():
    body = get("/ticker/24hr", symbol="BTCUSDT").json
    assert len(body) == 21
    assert body["lastPrice"] == klines(limit=1)[0][4]
    assert Decimal(body["lowPrice"]) <= Decimal(body["weightedAvgPrice"]) <= Decimal(body["highPrice"])
    assert Decimal(body["askPrice"]) - Decimal(body["bidPrice"]) == Decimal("0.01")
    assert Decimal(body["priceChange"]) == Decimal(body["lastPrice"]) - Decimal(body["openPrice"])
    assert body["lastId"] - body["firstId"] + 1 == body["count"] > 0
    assert body["closeTime"] - body["openTime"] == 86_400_000
    assert get("/ticker/price", symbol="BTCUSDT").json["price"] == body["lastPrice"]
    assert get("/ticker/bookTicker", symbol="BTCUSDT").json["bidQty"] == body["bidQty"]


def test_tickers_of_several_symbols_are_a_list_in_their_order():
    wanted = ["PEPEUSDT", "BTCUSDT"]
    asked = {"symbols": '["PEPEUSDT","BTCUSDT"]'}
    assert [row["symbol"] for row in get("/ticker/24hr", **asked).json] == wanted
    mini = get("/ticker/24hr", type="MINI", **asked).json
    assert [len(row) for row in mini] == [12, 12]
    assert [row["symbol"] for row in get("/ticker/price", **asked).json] == wanted


def test_a_delisted_symbol_has_a_ticker_of_zeros_unless_only_trading_ones_are_requested():
    every = {row["symbol"]: row for row in get("/ticker/24hr").json}
    assert every["OLDUSDT"]["lastPrice"] == "0.00000000" and every["OLDUSDT"]["lastId"] == -1
    assert "OLDUSDT" not in [row["symbol"] for row in get("/ticker/24hr", symbolStatus="TRADING").json]
    assert Decimal(get("/ticker/price", symbol="OLDUSDT").json["price"]) > 0


def test_exchange_info_lists_what_is_traded_and_how():
    info = get("/exchangeInfo", permissions="SPOT").json
    symbols = {symbol["symbol"]: symbol for symbol in info["symbols"]}
    assert len(symbols) > 30
    assert symbols["TRXUSDT"]["status"] == "TRADING" and symbols["OLDUSDT"]["status"] == "BREAK"
    filters = {entry["filterType"]: entry for entry in symbols["BTCUSDT"]["filters"]}
    assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
    assert info["rateLimits"][0]["limit"] == 6_000
    one = get("/exchangeInfo", symbol="BTCUSDT").json["symbols"]
    assert one == [symbols["BTCUSDT"]] == get("/exchangeInfo", symbols='["BTCUSDT"]').json["symbols"]


def test_ping_and_time():
    assert get("/ping").json == {}
    assert get("/time").json == {"serverTime": round(NOW * 1_000)}
