"""Binance's weight: what each request costs, 429 with a hint, and the bans of whoever goes on."""

import pytest

from simulator.quotas import Quotas
from simulator.sources.binance.weights import MAX_REFUSALS, Ban, WeightLimit
from tests.unit.simulator.asgi import Client

API = "/binance/api/v3"
SYMBOLS = [
    symbol["symbol"] for symbol in Client().get(f"{API}/exchangeInfo?permissions=SPOT").json["symbols"]
]


def several(count):
    return ",".join(f"%22{SYMBOLS[number % 20]}%22" for number in range(count))


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("/ping", 1),
        ("/time", 1),
        ("/klines?symbol=BTCUSDT&interval=1d&limit=1000", 2),
        ("/uiKlines?symbol=BTCUSDT&interval=1d&limit=1", 2),
        ("/exchangeInfo", 20),
        ("/ticker/price?symbol=BTCUSDT", 2),
        ("/ticker/price", 4),
        ("/ticker/bookTicker?symbols=[%22BTCUSDT%22]", 4),
        ("/ticker/24hr?symbol=BTCUSDT", 2),
        (f"/ticker/24hr?symbols=[{several(20)}]", 2),
        (f"/ticker/24hr?symbols=[{several(21)}]", 40),
        (f"/ticker/24hr?symbols=[{several(101)}]", 80),
        ("/ticker/24hr", 80),
        ("/ticker/24hr?symbols=nonsense", 80),
    ],
)
def test_each_request_has_its_weight_and_the_answer_says_the_sum(path, weight):
    client = Client()
    assert client.get(f"{API}/ping").headers["x-mbx-used-weight-1m"] == "1"
    headers = client.get(API + path).headers
    assert headers["x-mbx-used-weight"] == headers["x-mbx-used-weight-1m"] == str(weight + 1)


def test_a_used_up_minute_is_refused_until_the_clock_begins_the_next():
    client = Client(quotas=Quotas(limits={"binance": 40}), clock=[1_795_132_845.5])
    statuses = [client.get(f"{API}/exchangeInfo").status for _ in range(2)]
    reply = client.get(f"{API}/ping")
    assert (statuses, reply.status) == ([200, 200], 429)
    assert reply.json["code"] == -1003 and "current limit is 40 request weight" in reply.json["msg"]
    assert reply.headers["retry-after"] == "15"
    assert reply.headers["x-mbx-used-weight-1m"] == "41"
    client.clock[0] += 15
    assert client.get(f"{API}/ping").headers["x-mbx-used-weight-1m"] == "1"


def test_a_client_that_goes_on_is_banned_and_the_answer_says_until_when():
    client = Client(quotas=Quotas(limits={"binance": 20}), clock=[1_795_132_820.0])
    statuses = [client.get(f"{API}/exchangeInfo").status for _ in range(MAX_REFUSALS + 3)]
    assert statuses == [200] + [429] * MAX_REFUSALS + [418] * 2
    client.clock[0] += 60
    reply = client.get(f"{API}/ping")
    assert (reply.status, reply.headers["retry-after"]) == (418, "60")
    assert reply.json["msg"].startswith("Way too much request weight used; IP banned until 1795132940000.")
    client.clock[0] += 60
    assert client.get(f"{API}/ping").status == 200


def test_each_ban_is_twice_as_long_up_to_three_days():
    clock = [0.0]
    weights = WeightLimit(lambda: clock[0], 1)
    lengths = []
    for _ in range(13):
        while not isinstance(ban := weights.add("a", 2), Ban):
            pass
        lengths.append(ban.wait)
        clock[0] = ban.until
    assert lengths[:3] == [120, 240, 480] and lengths[-1] == 259_200
    assert weights.add("b", 1) is None
