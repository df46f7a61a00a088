"""How much is computed for an answer: a backfill is not held up by the simulator.

Counted in random draws (a few for each bar that is not remembered yet): seconds depend on the machine.
"""

from itertools import count

import pytest

from simulator.market import prices
from simulator.market.prices import ANCHOR_DAY, LEVELS, PriceTree, TradingProfile
from tests.unit.simulator.archive_requests import path
from tests.unit.simulator.asgi import NOW, Client
from tests.unit.simulator.binance_requests import API

HOUR = 3_600
DAY = 86_400


@pytest.fixture
def work(monkeypatch):
    """Counts the draws of a call."""
    drawn, draws = [], prices.draws
    monkeypatch.setattr(
        prices, "draws", lambda *place, count: drawn.append(place) or draws(*place, count=count)
    )

    def count_draws(call, *arguments):
        drawn.clear()
        call(*arguments)
        return len(drawn)

    return count_draws


SEEDS = count(1_000)


def fresh_client():
    """A market of which nothing is remembered yet."""
    return Client(seed=next(SEEDS))


def pages(client, symbol, interval, start, step):
    """How many rows the pages from ``start`` to now have."""
    rows = 0
    while start < NOW:
        query = f"symbol={symbol}&interval={interval}&limit=1000"
        window = f"startTime={start * 1000}&endTime={(start + 1_000 * step) * 1000 - 1}"
        rows += len(client.get(f"{API}/klines?{query}&{window}").json)
        start += 1_000 * step
    return rows


def test_a_year_of_hours_in_nine_calls_splits_each_day_and_quarter_once(work):
    start = int(NOW) // HOUR * HOUR - 8_759 * HOUR
    rows = []
    draws = work(lambda: rows.append(pages(fresh_client(), "ETHUSDT", "1h", start, HOUR)))
    assert 8_740 < rows[0] <= 8_760
    assert draws < 3_500


def test_ten_years_of_days_draw_a_few_numbers_for_each_day(work):
    start = int(NOW) // DAY * DAY - 3_650 * DAY
    assert work(pages, fresh_client(), "BTCUSDT", "1d", start, DAY) < 12_000


@pytest.mark.parametrize(("interval", "most"), [("1h", 350), ("1d", 160)])
def test_a_monthly_file_draws_a_few_numbers_for_each_day(work, interval, most):
    assert work(fresh_client().get, path("monthly", "BTCUSDT", interval, "2025-05")) < most


@pytest.mark.parametrize("level", range(len(LEVELS)))
def test_three_hundred_fresh_buckets_of_any_size_take_a_few_draws_each(work, level):
    newest = ANCHOR_DAY * DAY // LEVELS[level]
    tree = PriceTree(f"fresh/{level}", TradingProfile(77_361, 0.02, 300_000, 8_000 * 10**8))
    assert work(lambda: [tree.node(level, newest - back) for back in range(300)]) < 1_000
