"""Faults that need a real connection: cut, reset and dripping answers over a loopback port."""

import time

import pytest
import requests

from simulator.app import create_app
from tests.unit.simulator.server import served

CANDLES = "/coinbase/products/BTC-USD/candles?granularity=3600"


@pytest.fixture(scope="module")
def url():
    with served(create_app()) as base:
        yield base


def planned(url, **rule):
    requests.put(
        f"{url}/_faults", json=[{"path": "/coinbase/*", "times": 1, **rule}], timeout=5
    ).raise_for_status()


def test_a_truncated_answer_breaks_its_promised_length(url):
    planned(url, fault="truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead|reset by peer"):
        requests.get(url + CANDLES, timeout=5)
    assert requests.get(url + CANDLES, timeout=5).status_code == 200


def test_a_reset_ends_the_connection_before_any_answer(url):
    planned(url, fault="reset")
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url + CANDLES, timeout=5)
    assert requests.get(url + CANDLES, timeout=5).status_code == 200


def test_a_dripping_answer_outlasts_a_read_timeout_between_bytes(url):
    planned(url, fault="drip", params={"bytes": 5_000, "seconds": 0.1})
    began = time.monotonic()
    rows = requests.get(url + CANDLES, timeout=0.5).json()
    assert len(rows) >= 349  # the hour may have just begun
    assert time.monotonic() - began >= 0.3


def test_a_gzip_bomb_unpacks_in_a_client_that_lets_it(url):
    planned(url, fault="gzip_bomb", params={"megabytes": 5})
    with requests.get(url + CANDLES, stream=True, timeout=5) as answer:
        sizes = [len(part) for part in answer.iter_content(65_536)]
    assert sum(sizes) > 5 << 20
