"""A backfill is not held up by the simulator: the thread's own time on a market that nobody asked yet."""

import time

import pytest

from tests.unit.simulator.archive import path
from tests.unit.simulator.asgi import NOW, Client
from tests.unit.simulator.binance import API

HOUR = 3_600
DAY = 86_400
TRIES = 3


def quickest(work):
    """Seconds of the fastest of some tries, each with a seed of its own and so with nothing remembered."""

    def seconds(seed):
        client = Client(seed=seed)
        began = time.thread_time()
        work(client)
        return time.thread_time() - began

    return min(seconds(1_000 + seed) for seed in range(TRIES))


def pages(client, symbol, interval, start, step):
    """How many rows the pages from ``start`` to now have."""
    count = 0
    while start < NOW:
        query = f"symbol={symbol}&interval={interval}&limit=1000"
        window = f"startTime={start * 1000}&endTime={(start + 1_000 * step) * 1000 - 1}"
        count += len(client.get(f"{API}/klines?{query}&{window}").json)
        start += 1_000 * step
    return count


def test_a_year_of_hours_in_nine_calls_takes_well_under_a_second():
    start = int(NOW) // HOUR * HOUR - 8_759 * HOUR

    def work(client):
        assert 8_740 < pages(client, "ETHUSDT", "1h", start, HOUR) <= 8_760

    assert quickest(work) < 1


def test_ten_years_of_days_take_a_fraction_of_a_second_for_each_asset():
    start = int(NOW) // DAY * DAY - 3_650 * DAY
    assert quickest(lambda client: pages(client, "BTCUSDT", "1d", start, DAY)) < 0.5


@pytest.mark.parametrize("interval", ["1h", "1d"])
def test_a_monthly_file_takes_less_than_a_tenth_of_a_second(interval):
    url = path("monthly", "BTCUSDT", interval, "2025-05")
    assert quickest(lambda client: client.get(url)) < 0.1
