"""Clients of the simulated websockets, over a real connection and without compression."""

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_websocket

from tests.patience import PATIENCE_SECONDS

CLOSE_SECONDS = 0.5  # for a server that was told to fall silent, which the library would wait ten for


@dataclass
class Socket:
    connection: object

    def receive(self, matches=lambda _: True):
        """The next message that matches, decoded."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            message = json.loads(self.connection.recv(PATIENCE_SECONDS))
            if matches(message):
                return message
        raise AssertionError("no message matched in time")

    def send(self, document):
        self.connection.send(document if isinstance(document, str | bytes) else json.dumps(document))

    def ask(self, document):
        """Send a command and return the answer to it, which is no frame of a stream."""
        self.send(document)
        return self.receive(lambda message: "stream" not in message and "e" not in message)

    def end(self):
        """Read on to the end; its code and reason (1006 if it was cut)."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while time.monotonic() < deadline:
                self.connection.recv(PATIENCE_SECONDS)
            raise AssertionError("the connection went on")
        except ConnectionClosed as closed:
            received = closed.rcvd
            return (received.code, received.reason) if received else (1006, "")


def connect(address, **options):
    url = address.replace("http", "ws")
    return connect_websocket(url, compression=None, close_timeout=CLOSE_SECONDS, **options)


@contextmanager
def binance(url, path="/stream", **options):
    with connect(f"{url}/binance-ws{path}", **options) as connection:
        yield Socket(connection)


@contextmanager
def coinbase(url, *channels, products=("BTC-USD",)):
    with connect(f"{url}/coinbase-ws") as connection:
        socket = Socket(connection)
        if channels:
            socket.send({"type": "subscribe", "product_ids": products, "channels": channels})
        yield socket


@contextmanager
def kraken(url, channel=None, symbols=("BTC/USD",), **params):
    with connect(f"{url}/kraken-ws/v2") as connection:
        socket = Socket(connection)
        if channel:
            request = {"channel": channel, "symbol": symbols, **params}
            socket.send({"method": "subscribe", "params": request, "req_id": 7})
        yield socket


def order(url, **settings):
    answer = requests.put(f"{url}/_streams", json=settings, timeout=PATIENCE_SECONDS)
    answer.raise_for_status()
    return answer.json()
