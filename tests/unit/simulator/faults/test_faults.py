"""The fault plan, without a network."""

import gzip
import json
import math
from pathlib import Path

import pytest

import simulator
from simulator.faults.plan import FAULTS
from tests.unit.simulator.asgi import COINGECKO, Client

MARKETS = f"{COINGECKO}/coins/markets?vs_currency=usd&ids=bitcoin,ethereum,solana,shiba-inu"
CANDLES = "/coinbase/products/BTC-USD/candles?granularity=3600"


@pytest.fixture
def client():
    return Client()


def planned(client, fault, path="*", **rule):
    reply = client.put("/_faults", [{"path": path, "fault": fault, **rule}])
    assert reply.status == 200, reply.text


def test_a_rule_is_used_up_and_counted(client):
    planned(client, "500", path="*/ping", times=2)
    assert [client.get(f"{COINGECKO}/ping").status for _ in range(3)] == [500, 500, 200]
    (rule,) = client.get("/_faults").json
    assert rule == {
        "path": "*/ping",
        "fault": "500",
        "times": 2,
        "query": None,
        "params": {},
        "remaining": 0,
        "applied": 2,
    }


def test_rules_apply_in_order_and_a_used_one_gives_way(client):
    client.put(
        "/_faults", [{"path": "*/time", "fault": "503", "times": 1}, {"path": "/coinbase/*", "fault": "429"}]
    )
    assert [client.get("/coinbase/time").status for _ in range(3)] == [503, 429, 429]
    assert client.get(f"{COINGECKO}/ping").status == 200


def test_a_rule_may_name_the_query(client):
    planned(client, "500", path="*/coins/markets", query="*page=2*")
    assert client.get(f"{MARKETS}&page=1").status == 200
    assert client.get(f"{MARKETS}&page=2").status == 500


def test_a_plan_replaces_the_one_before_and_delete_ends_it(client):
    planned(client, "500")
    planned(client, "503")
    assert client.get(f"{COINGECKO}/ping").status == 503
    assert client.send("DELETE", "/_faults").json == []
    assert client.get(f"{COINGECKO}/ping").status == 200


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (MARKETS, {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}),
        (CANDLES, {"message": "Public rate limit exceeded"}),
    ],
)
def test_a_429_is_shaped_as_its_source_with_or_without_a_hint(client, url, body):
    planned(client, "429")
    reply = client.get(url)
    assert (reply.status, reply.json) == (429, body)
    assert "retry-after" not in reply.headers
    planned(client, "429_retry_after", params={"seconds": 7})
    assert client.get(url).headers["retry-after"] == "7"


def test_html_with_200(client):
    planned(client, "html_200")
    reply = client.get(MARKETS)
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.text.startswith("<!DOCTYPE html>")


def test_a_redirect_leads_to_the_metadata_service(client):
    planned(client, "redirect")
    reply = client.get(MARKETS)
    assert reply.status == 302
    assert reply.headers["location"] == "http://169.254.169.254/latest/meta-data/"


@pytest.mark.parametrize(("url", "body"), [(CANDLES, []), (f"{COINGECKO}/ping", {})])
def test_empty_is_the_empty_value_of_the_shape(client, url, body):
    planned(client, "empty")
    assert client.get(url).json == body


def test_not_finite_prices_in_the_first_rows(client):
    planned(client, "nan", params={"rows": 4})
    text = client.get(MARKETS).text
    for token in ("NaN", "Infinity", "-Infinity", "1e999"):
        assert f'"current_price":{token},' in text
    planned(client, "nan", params={"rows": 2})
    closes = [row[4] for row in json.loads(client.get(CANDLES).text)]
    assert math.isnan(closes[0]) and math.isinf(closes[1]) and all(map(math.isfinite, closes[2:]))


def test_prices_of_wrong_types(client):
    planned(client, "wrong_types", params={"rows": 3})
    assert [row["current_price"] for row in client.get(MARKETS).json][:3] == ["not a number", True, [1]]


def test_null_prices_in_lists_quotes_and_charts(client):
    planned(client, "null_price")
    assert [row["current_price"] is None for row in client.get(MARKETS).json] == [True, False, False, False]
    simple = client.get(f"{COINGECKO}/simple/price?ids=bitcoin,ethereum&vs_currencies=usd").json
    assert simple["bitcoin"]["usd"] is None and simple["ethereum"]["usd"]
    assert client.get("/coinbase/products/BTC-USD/ticker").json["price"] is None
    chart = client.get(f"{COINGECKO}/coins/bitcoin/market_chart?vs_currency=usd&days=7").json
    assert chart["prices"][0][1] is None and chart["prices"][1][1]


def test_missing_assets(client):
    planned(client, "missing_assets", params={"rows": 3})
    assert [row["id"] for row in client.get(MARKETS).json] == ["shiba-inu"]
    prices = client.get(f"{COINGECKO}/simple/price?ids=bitcoin,ethereum,solana,pepe&vs_currencies=usd").json
    assert list(prices) == ["pepe"]
    chart = client.get(f"{COINGECKO}/coins/bitcoin/market_chart?vs_currency=usd&days=7").json
    assert len(chart["prices"]) == len(chart["market_caps"]) - 3


def test_damage_leaves_an_error_of_the_source_as_it_is(client):
    planned(client, "nan")
    assert client.get(f"{COINGECKO}/coins/nope/ohlc?days=1").json == {"error": "coin not found"}


def test_a_gzip_bomb_is_small_on_the_wire_large_in_memory_and_valid(client):
    planned(client, "gzip_bomb", params={"megabytes": 20})
    reply = client.get(MARKETS)
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.body) < 100_000
    unpacked = gzip.decompress(reply.body)
    assert len(unpacked) > 20 << 20
    assert len(json.loads(unpacked)) == 4


def test_a_silently_truncated_answer_ends_in_the_middle(client):
    whole = client.get(MARKETS).body
    planned(client, "truncated", params={"silent": True})
    reply = client.get(MARKETS, accept_encoding="gzip")
    assert reply.body == whole[: len(whole) // 2]
    assert reply.headers["content-length"] == str(len(reply.body))


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ({}, "A fault plan is a JSON list"),
        (["x"], "Rule 1 is no JSON object."),
        ([{"fault": "500"}, {"fault": "4299"}], "Rule 2: fault '4299' is unknown; use one of 404, "),
        ([{"fault": "500", "tmies": 1}], "Rule 1 has the unknown field 'tmies'"),
        ([{"fault": "500", "times": 0}], "Rule 1: times must be null or a whole number from 1"),
        ([{"fault": "500", "times": True}], "Rule 1: times must be"),
        ([{"fault": "500", "path": 5}], "Rule 1: path must be a glob"),
        ([{"fault": "500", "path": ""}], "Rule 1: path must be a glob"),
        ([{"fault": "500", "query": []}], "Rule 1: query must be a glob"),
        ([{"fault": "500", "params": {"rows": 1}}], "Rule 1: 500 takes no params"),
        ([{"fault": "nan", "params": {"row": 1}}], "Rule 1: nan takes rows params"),
        ([{"fault": "nan", "params": []}], "Rule 1: nan takes rows params"),
        ([{"fault": "nan", "params": {"rows": 0}}], "Rule 1: rows must be from 1 to 1000, not 0."),
        ([{"fault": "nan", "params": {"rows": 1.5}}], "Rule 1: rows must be from 1 to 1000, not 1.5."),
        (
            [{"fault": "drip", "params": {"seconds": "1"}}],
            "Rule 1: seconds must be from 0.01 to 60, not '1'.",
        ),
        ([{"fault": "truncated", "params": {"silent": 1}}], "Rule 1: silent must be a bool, not 1."),
        ([{"fault": "500"}] * 101, "A fault plan has at most 100 rules, not 101."),
    ],
)
def test_a_bad_plan_is_refused_with_one_sentence_and_not_taken(client, plan, sentence):
    planned(client, "503")
    reply = client.put("/_faults", plan)
    assert reply.status == 400
    assert reply.json["error"].startswith(sentence)
    assert reply.json["error"].endswith(".")
    assert client.get(f"{COINGECKO}/ping").status == 503


def test_every_fault_is_described_in_the_readme():
    text = (Path(simulator.__file__).parent / "README.md").read_text()
    assert all(f"`{fault}`" in text for fault in FAULTS)
