"""The fault plan at every source: errors in its own words, damage in its own shape."""

import json

import pytest

from tests.unit.simulator.asgi import COINGECKO, NOW, Client

KEYS = {"authorization": "Bearer key", "x_api_key": "key"}
URLS = {
    "coingecko": f"{COINGECKO}/coins/markets?vs_currency=usd",
    "coinbase": "/coinbase/products/BTC-USD/candles?granularity=3600",
    "binance": "/binance/api/v3/klines?symbol=BTCUSDT&interval=1h",
    "archive": "/binance_archive/data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2025-05-01.zip",
    "coincap": "/coincap/v3/assets?limit=5",
    "coindesk": "/coindesk/index/cc/v1/latest/tick?market=cadli&instruments=BTC-USD,ETH-USD",
    "alternative_me": "/alternative_me/fng/?limit=5",
}


def faulty(url, fault, **params):
    client = Client()
    path = url.partition("?")[0]
    assert client.put("/_faults", [{"path": path, "fault": fault, "params": params}]).status == 200
    return client.get(url, **KEYS)


def message_of(source, body):
    """The error's text, wherever this source puts it."""
    match source:
        case "coingecko":
            return body["status"]["error_message"]
        case "coinbase":
            return body["message"]
        case "binance":
            return body["msg"]
        case "coincap":
            return body["error"]
        case "coindesk":
            return body["Err"]["message"]
    return body["metadata"]["error"]


@pytest.mark.parametrize("source", sorted(set(URLS) - {"archive"}))
@pytest.mark.parametrize(("fault", "status"), [("404", 404), ("429", 429), ("451", 451), ("500", 500)])
def test_an_error_is_worded_as_its_source_words_it(source, fault, status):
    reply = faulty(URLS[source], fault)
    assert reply.status == status
    assert len(message_of(source, reply.json)) > 5
    assert "retry-after" not in reply.headers


@pytest.mark.parametrize("url", URLS.values())
@pytest.mark.parametrize("fault", ["429_retry_after", "418"])
def test_retry_after_is_in_whole_seconds(url, fault):
    reply = faulty(url, fault, seconds=90)
    assert (reply.status, reply.headers["retry-after"]) == (int(fault[:3]), "90")


def test_binances_ban_names_its_end_and_its_restricted_location_has_code_0():
    ban = faulty(URLS["binance"], "418", seconds=300).json
    assert ban["code"] == -1003
    assert f"IP banned until {int((NOW + 300) * 1_000)}." in ban["msg"]
    restricted = faulty(URLS["binance"], "451").json
    assert restricted["code"] == 0 and "restricted location" in restricted["msg"]


@pytest.mark.parametrize(
    ("source", "name"),
    [("coincap", "priceUsd"), ("coindesk", "VALUE"), ("alternative_me", "value")],
)
def test_rows_are_spoiled_inside_of_envelopes(source, name):
    def rows(body):
        rows = body.get("data") or body["Data"]
        return list(rows.values()) if isinstance(rows, dict) else rows

    whole = rows(faulty(URLS[source], "drip", bytes=65_536).json)
    spoiled = rows(faulty(URLS[source], "null_price").json)
    assert spoiled[0][name] is None and spoiled[1:] == whole[1:]
    assert rows(faulty(URLS[source], "missing_assets").json) == whole[1:]
    assert "NaN" in faulty(URLS[source], "nan").text


def test_klines_are_spoiled_at_their_close_and_lose_rows_anywhere():
    whole = faulty(URLS["binance"], "drip", bytes=65_536).json
    assert faulty(URLS["binance"], "null_price").json[0][4] is None
    assert faulty(URLS["binance"], "hole", rows=4).json == whole[:248] + whole[252:]
    revised = faulty(URLS["binance"], "revised").json
    assert revised[1:] == whole[1:] and float(revised[0][5]) == pytest.approx(2 * float(whole[0][5]))


def test_candles_and_quotes_without_a_volume_at_hand_are_revised_in_their_price():
    whole = faulty(URLS["coinbase"], "drip", bytes=65_536).json
    assert faulty(URLS["coinbase"], "revised").json[0][5] == pytest.approx(2 * whole[0][5])
    price = faulty(URLS["coincap"], "revised").json["data"][0]["priceUsd"]
    assert float(price) == pytest.approx(77_388 * 1.001, rel=1e-4) and isinstance(price, str)


def test_every_source_is_truncated_and_emptied():
    for url in URLS.values():
        assert faulty(url, "truncated", silent=True).status == 200
        assert faulty(url, "empty").body in {b"", b"[]", b"{}"}
    with pytest.raises(json.JSONDecodeError):
        assert faulty(URLS["coindesk"], "truncated", silent=True).json
