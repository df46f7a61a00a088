"""Paths and rows of Binance's bulk files, for the tests of them."""

import hashlib

from simulator.zip_files import unzipped
from tests.unit.simulator.asgi import Client

CLIENT = Client()
ROOT = "/binance_archive/data/spot"


def path(period, symbol, interval, date):
    return f"{ROOT}/{period}/klines/{symbol}/{interval}/{symbol}-{interval}-{date}.zip"


def rows(url, client=CLIENT):
    reply = client.get(url)
    assert reply.status == 200, reply.text
    name, text = unzipped(reply.body)
    assert name == url.rpartition("/")[2].replace(".zip", ".csv")
    return [line.split(",") for line in text.splitlines()]


def agrees(url, client=CLIENT):
    """Whether the checksum beside a file is the file's."""
    digest, name = client.get(f"{url}.CHECKSUM").text.split()
    assert name == url.rpartition("/")[2]
    return digest == hashlib.sha256(client.get(url).body).hexdigest()
