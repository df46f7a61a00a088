"""The simulator's own paths: health, shocks, request counts, and what they refuse."""

import math

import pytest

from tests.unit.simulator.asgi import COINGECKO, Client


@pytest.fixture
def client():
    return Client()


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 60_000, b" " * 70_000, b"\xff"])
def test_a_body_that_is_no_json_is_refused(client, body):
    assert client.send("PUT", "/_faults", body).status == 400


@pytest.mark.parametrize(
    "shock",
    [
        [],
        {"asset": "BTC"},
        {"asset": "NOPE", "percent": 1},
        {"asset": 1, "percent": 1},
        {"asset": "BTC", "percent": "8"},
        {"asset": "BTC", "percent": True},
        {"asset": "BTC", "percent": -100},
        {"asset": "BTC", "percent": math.nan},
        {"asset": "BTC", "percent": 10_000},
        {"asset": "BTC", "percent": 1, "at": 0},
    ],
)
def test_a_bad_shock_is_refused(client, shock):
    reply = client.put("/_market", shock)
    assert reply.status == 400
    assert reply.json["error"].endswith(".")
    assert client.get("/_market").json == {}


def test_shocks_are_shown_and_taken_back(client):
    client.put("/_market", {"asset": "btc", "percent": 8})
    assert client.get("/_market").json == {"bitcoin": [{"at": "2026-11-20T00:00:55.000Z", "percent": 8.0}]}
    assert client.send("DELETE", "/_market").json == {}


def test_requests_to_the_sources_are_counted_by_path(client):
    for _ in range(2):
        client.get(f"{COINGECKO}/ping")
    client.get("/_health")
    assert client.get("/_requests").json == {f"{COINGECKO}/ping": 2}
    assert client.send("DELETE", "/_requests").json == {}


def test_venues_explains_why_buckets_are_absent(client):
    venues = client.get("/_venues").json
    assert sorted(venues) == ["binance", "binance_archive", "coinbase", "kraken"]
    assert venues["binance"]["listed"]["BTCUSDT"] == "2017-08-17T04:00:00Z"
    assert venues["coinbase"]["delisted"] == {"OLD-USD": "2024-06-30T00:00:00Z"}
    for name in ("coinbase", "binance"):
        assert venues[name]["outages"] == sorted(venues[name]["outages"])
        assert all(start < end < "2026-10-21" for start, end in venues[name]["outages"])


def test_health_names_the_market(client):
    assert client.get("/_health").json == {
        "status": "ok",
        "seed": 1,
        "coins": 300,
        "time": "2026-11-20T00:00:57.504Z",
    }
