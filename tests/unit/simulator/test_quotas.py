"""Who may ask, and how often: keys, hosts, User-Agent, CoinGecko's minute and Coinbase's bucket."""

import pytest

from simulator.quotas import MinuteWindow, Quotas, TokenBucket
from tests.unit.simulator.asgi import COINGECKO, Client

PING = f"{COINGECKO}/ping"
PRO_PING = "/coingecko-pro/api/v3/ping"
KEYED = Quotas(keys={"coingecko": "demo", "coingecko-pro": "pro"}, limits={"coingecko": 0})


def code(reply):
    return reply.status, reply.json["status"]["error_code"]


def test_coingecko_refuses_a_request_without_user_agent():
    reply = Client().send("GET", PING)
    assert code(reply) == (403, 403)
    assert reply.json["status"]["error_message"].startswith("Please add a descriptive User-Agent")


def test_coinbase_refuses_a_request_without_user_agent():
    reply = Client().send("GET", "/coinbase/time")
    assert (reply.status, reply.json) == (400, {"message": "User-Agent header is required."})


def test_the_minute_is_refused_in_json_with_a_hint_and_now_and_then_as_plain_text():
    client = Client(quotas=Quotas(limits={"coingecko": 2}))
    replies = [client.get(PING) for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 429, 429, 429]
    assert code(replies[2]) == (429, 429)
    assert replies[2].headers["retry-after"] == "60"
    assert replies[4].text == "Throttled"
    assert replies[4].headers["content-type"].startswith("text/plain")
    assert "retry-after" not in replies[4].headers


def test_every_request_counts_even_a_refused_one_and_the_minute_passes():
    client = Client(quotas=Quotas(limits={"coingecko": 2}))
    assert client.get(f"{COINGECKO}/coins/nope/ohlc").status == 404
    assert client.send("GET", PING).status == 403
    assert client.get(PING).status == 429
    client.clock[0] += 60
    assert client.get(PING).status == 200


def test_a_demo_key_has_a_hundred_a_minute_of_its_own():
    client = Client(quotas=Quotas(keys={"coingecko": "demo"}, limits={"coingecko": 1}))
    assert [client.get(PING).status for _ in range(2)] == [200, 429]
    statuses = [client.get(PING, x_cg_demo_api_key="demo").status for _ in range(101)]
    assert statuses == [200] * 100 + [429]


@pytest.mark.parametrize(
    ("url", "headers", "expected"),
    [
        (PING, {"x_cg_demo_api_key": "wrong"}, (401, 10002)),
        (PING, {"x_cg_pro_api_key": "pro"}, (400, 10010)),
        (PRO_PING, {"x_cg_demo_api_key": "demo"}, (400, 10011)),
        (PRO_PING, {"x_cg_pro_api_key": "wrong"}, (401, 10002)),
        (PRO_PING, {}, (401, 10002)),
        (f"{PRO_PING}?x_cg_pro_api_key=wrong", {}, (401, 10002)),
    ],
)
def test_a_key_must_be_right_and_at_its_own_host(url, headers, expected):
    assert code(Client(quotas=KEYED).get(url, **headers)) == expected


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (PING, {}),
        (PING, {"x_cg_demo_api_key": "demo"}),
        (f"{PING}?x_cg_demo_api_key=demo", {}),
        (PRO_PING, {"x_cg_pro_api_key": "pro"}),
    ],
)
def test_right_keys_and_none_at_all_are_welcome(url, headers):
    assert Client(quotas=KEYED).get(url, **headers).status == 200


def test_coinbase_takes_a_burst_of_15_then_10_a_second():
    client = Client(quotas=Quotas())
    statuses = [client.get("/coinbase/time").status for _ in range(17)]
    assert statuses == [200] * 15 + [429] * 2
    assert client.get("/coinbase/time").json == {"message": "Public rate limit exceeded"}
    client.clock[0] += 1
    assert [client.get("/coinbase/time").status for _ in range(11)] == [200] * 10 + [429]


def test_clients_have_limits_of_their_own():
    minute, bucket = MinuteWindow(lambda: 0.0), TokenBucket(lambda: 0.0, rate=1, burst=1)
    assert [minute.acquire(client, 1) for client in ("a", "b", "a")] == [0.0, 0.0, 60.0]
    assert [bucket.acquire(client) for client in ("a", "b", "a")] == [True, True, False]
