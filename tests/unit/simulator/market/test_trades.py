"""Tapes: what is traded is told by seed, id and time alone."""

from itertools import pairwise

import pytest

from simulator.market.market import Market
from simulator.market.trades import MICROSECONDS, ORIGIN_US, Cadence
from simulator.sources.coinbase.trades import TradedProducts
from simulator.websockets.settings import StreamSettings
from tests.unit.simulator.asgi import NOW, Client
from tests.unit.simulator.binance_requests import get

NOW_US = int(NOW * MICROSECONDS)


def trades(seed=1, product="BTC-USD"):
    market = Market(seed, lambda: NOW)
    return TradedProducts(market, StreamSettings(market)).find(product).trades


def test_ids_follow_each_other_in_time_and_lead_back_to_the_same_trade():
    sequence = trades()
    newest = sequence.newest(NOW_US)
    made = [sequence.trade(index) for index in range(newest - 500, newest + 1)]
    assert [trade.id for trade in made] == list(range(newest - 500, newest + 1))
    assert all(before.at_us < after.at_us for before, after in pairwise(made))
    assert made[-1].at_us <= NOW_US < sequence.trade(newest + 1).at_us
    same, other = trades(), trades(seed=2)
    assert made == [same.trade(trade.id) for trade in made]
    assert [trade.ticks for trade in made] != [other.trade(trade.id).ticks for trade in made]


def test_trades_are_made_near_the_markets_price():
    sequence = trades()
    level = sequence.coin.prices.last(NOW) * 10**sequence.coin.price_decimals
    made = [sequence.trade(sequence.newest(NOW_US) - back) for back in range(20)]
    assert all(abs(trade.ticks - level) < level / 1_000 and trade.steps > 0 for trade in made)
    assert {trade.buyer_is_maker for trade in made} == {True, False}


def test_nothing_was_traded_before_the_first_trade_or_after_a_market_ended():
    assert trades().newest(ORIGIN_US - 1) < 1
    assert trades(product="OLD-USD").newest(NOW_US) == 0


@pytest.mark.parametrize("rate", [0.1, 7, 100_000])
def test_another_rate_changes_what_is_to_come_and_nothing_else(rate):
    cadence = Cadence(2.0)
    newest = cadence.newest(NOW_US, lambda _: 0.5)
    before = [cadence.at(index, 0.5) for index in range(newest - 50, newest + 1)]
    cadence.change(rate, NOW_US)
    assert cadence.rate == rate
    assert [cadence.at(index, 0.5) for index in range(newest - 50, newest + 1)] == before
    assert cadence.newest(NOW_US, lambda _: 0.5) == newest
    times = [cadence.at(index, 0.5) for index in range(newest - 5, newest + 20)]
    assert times == sorted(set(times))
    assert times[-1] - times[-2] == pytest.approx(MICROSECONDS / rate, abs=1)


def test_a_rate_that_changes_twice_at_once_keeps_the_ids_together():
    cadence = Cadence(2.0)
    for rate in (50, 50, 3, 2_000):
        cadence.change(rate, NOW_US)
    newest = cadence.newest(NOW_US + 2 * MICROSECONDS, lambda _: 0.0)
    times = [cadence.at(index, 0.0) for index in range(newest - 3_000, newest + 1)]
    assert times == sorted(set(times)) and times[-1] <= NOW_US + 2 * MICROSECONDS


def test_a_shock_moves_the_trades_after_it_and_leaves_those_before():
    client = Client(clock=[NOW])
    before = get("/historicalTrades", client, symbol="BTCUSDT").json
    client.put("/_market", {"asset": "BTC", "percent": 10})
    client.clock[0] += 11
    after = get("/historicalTrades", client, symbol="BTCUSDT", fromId=before[0]["id"]).json
    assert after[:500] == before
    moved = get("/trades", client, symbol="BTCUSDT", limit=1).json[0]
    assert float(moved["price"]) == pytest.approx(float(before[-1]["price"]) * 1.1, rel=0.01)


def test_markets_of_one_seed_have_the_same_trades():
    first, second = (get("/trades", Client(seed=3), symbol="ETHUSDT", limit=5).json for _ in range(2))
    assert first == second
