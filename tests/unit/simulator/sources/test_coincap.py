"""CoinCap: v3 with keys, credits, string numbers and nulls; v2's notice."""

import re
from decimal import Decimal, localcontext

import pytest

from simulator.quotas import Quotas
from tests.unit.simulator.asgi import NOW, Client

CLIENT = Client()
V3 = "/coincap/v3"
STAMP = int(NOW * 1_000)


def get(path, client=CLIENT):
    return client.get(V3 + path, authorization="Bearer key")


def test_assets_have_ranks_and_decimals_as_strings():
    body = get("/assets?ids=bitcoin,xrp,near-protocol").json
    assert list(body) == ["timestamp", "data"] and body["timestamp"] == STAMP
    assert [row["id"] for row in body["data"]] == ["bitcoin", "xrp", "near-protocol"]
    bitcoin = body["data"][0]
    assert bitcoin["rank"] == "1" and bitcoin["symbol"] == "BTC"
    for name in ("supply", "maxSupply", "marketCapUsd", "volumeUsd24Hr", "priceUsd", "changePercent24Hr"):
        assert re.fullmatch(r"-?\d+\.\d{16}", bitcoin[name])
    with localcontext(prec=60):
        exact = Decimal(bitcoin["priceUsd"]) * Decimal(bitcoin["supply"])
        assert Decimal(bitcoin["marketCapUsd"]) == exact.quantize(Decimal("1e-16"))
    assert len(bitcoin["marketCapUsd"].replace(".", "")) == 29


def test_pages_search_and_nulls():
    rows = get("/assets").json["data"]
    assert len(rows) == 100
    every = get("/assets?limit=2000").json["data"]
    assert get("/assets?limit=5&offset=3").json["data"] == every[3:8]
    for name in ("maxSupply", "vwap24Hr", "changePercent24Hr", "explorer", "volumeUsd24Hr"):
        assert 0 < sum(row[name] is None for row in every) < len(every)
    assert {row["id"] for row in get("/assets?search=bitc").json["data"]} >= {"bitcoin", "bitcoin-cash"}


def test_one_asset_is_the_lists_own():
    (row,) = get("/assets?ids=binance-coin").json["data"]
    assert get("/assets/binance-coin").json == {"timestamp": STAMP, "data": row}


def test_the_price_is_the_markets_up_to_the_spread():
    price = float(get("/assets/bitcoin").json["data"]["priceUsd"])
    ticker = CLIENT.get("/coinbase/products/BTC-USD/ticker").json
    assert price == pytest.approx(float(ticker["price"]), rel=1e-3)


def test_rates_have_fiat_and_crypto_and_some_have_no_sign():
    rows = {row["symbol"]: row for row in get("/rates").json["data"]}
    assert rows["USD"]["rateUsd"] == "1.0000000000000000"
    assert rows["SDG"]["currencySymbol"] is None
    assert {row["type"] for row in rows.values()} == {"fiat", "crypto"}
    assert rows["BTC"]["rateUsd"] == get("/assets/bitcoin").json["data"]["priceUsd"]


def test_history_is_points_of_price_only_oldest_first():
    body = get("/assets/bitcoin/history?interval=d1&start=1794960000000&end=1795132800000").json
    assert [row["time"] for row in body["data"]] == [1_794_960_000_000, 1_795_046_400_000, 1_795_132_800_000]
    assert list(body["data"][0]) == ["priceUsd", "time", "date"]
    assert body["data"][0]["date"] == "2026-11-18T00:00:00.000Z"
    assert len(get("/assets/bitcoin/history?interval=h1").json["data"]) == 720
    assert len(get("/assets/bitcoin/history?interval=d1&start=1480000000000").json["data"]) > 3_600


def test_candlesticks_are_numbers_without_a_volume():
    body = get("/ta/bitcoin/candlesticks?interval=h1&start=1795129200000&end=1795132800000").json
    assert [row["time"] for row in body["candles"]] == [1_795_129_200_000, 1_795_132_800_000]
    for row in body["candles"]:
        assert list(row) == ["open", "high", "low", "close", "time"]
        assert row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"]


def test_prices_by_symbol_are_positional():
    first, unknown, last = get("/price/bysymbol/ETH,nope,btc").json["data"]
    assert Decimal(first) < Decimal(last) and unknown is None
    assert len(last.partition(".")[2]) == 18


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/assets?limit=5000", 400, "limit exceeds 2000"),
        ("/assets?limit=x", 400, "invalid limit"),
        ("/assets/nope", 404, "nope not found"),
        ("/assets/nope/history?interval=d1", 404, "nope not found"),
        ("/assets/bitcoin/history", 400, "missing interval"),
        ("/assets/bitcoin/history?interval=1d", 400, "invalid interval"),
        ("/assets/bitcoin/history?interval=d1&start=2&end=1", 400, "start is after end"),
        ("/assets/bitcoin/history?interval=m1&start=1&end=86400002", 400, "window exceeds 1 days"),
        (f"/price/bysymbol/{'BTC,' * 100}ETH", 400, "symbols exceed 100"),
        ("/nothing", 404, "Not Found"),
    ],
)
def test_errors(path, status, error):
    reply = get(path)
    assert (reply.status, reply.json["error"]) == (status, error)


def test_a_key_is_compulsory_in_header_or_query():
    client = Client(quotas=Quotas(keys={"coincap": "right"}))
    for headers, query in [
        ({}, ""),
        ({"authorization": "Bearer wrong"}, ""),
        ({"authorization": "right"}, ""),
    ]:
        reply = client.get(f"{V3}/rates{query}", **headers)
        assert (reply.status, reply.json) == (401, {"error": "Unauthorized"})
    assert client.get(f"{V3}/rates", authorization="Bearer right").status == 200
    assert client.get(f"{V3}/rates?apiKey=right").status == 200


def test_credits_are_spent_by_size_and_come_back_with_the_month():
    client = Client(quotas=Quotas(credits={"coincap": 18}))
    assert len(get("/assets", client).body) > 15 * 2_500  # 1 and 16 credits
    assert get("/price/bysymbol/BTC", client).status == 200
    reply = get("/price/bysymbol/BTC", client)
    assert (reply.status, reply.json) == (429, {"error": "Credit limit exceeded"})
    client.clock[0] += 11 * 86_400
    assert get("/price/bysymbol/BTC", client).status == 200


def test_600_a_minute_are_the_most():
    statuses = [
        get("/price/bysymbol/BTC", client).status for client in [Client(quotas=Quotas())] for _ in range(601)
    ]
    assert statuses == [200] * 600 + [429]


@pytest.mark.parametrize("path", ["/assets", "/assets/bitcoin/history?interval=d1", "/rates"])
def test_version_2_answers_with_its_notice_in_place_of_a_list(path):
    reply = CLIENT.get(f"/coincap/v2{path}")
    assert reply.status == 200
    assert reply.json["data"]["message"].startswith("We are deprecating this version")
    assert reply.json["timestamp"] == STAMP
