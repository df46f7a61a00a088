"""Requests to Binance, for the tests of it."""

from urllib.parse import quote

from tests.unit.simulator.asgi import Client

CLIENT = Client()
API = "/binance/api/v3"


def get(path, client=CLIENT, headers=None, **parameters):
    query = "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
    return client.get(f"{API}{path}?{query}" if query else f"{API}{path}", **(headers or {}))


def klines(symbol="BTCUSDT", interval="1h", **parameters):
    reply = get("/klines", symbol=symbol, interval=interval, **parameters)
    assert reply.status == 200, reply.text
    return reply.json
