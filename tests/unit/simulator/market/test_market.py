"""The market: clock, catalogue and shocks over the walks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.bars import merged
from simulator.market.coins import CATALOGUE_SIZE
from simulator.market.market import Market
from simulator.market.prices import LEVELS
from tests.unit.simulator.asgi import NOW

MARKET = Market(1, lambda: NOW)
BITCOIN, SHIB = MARKET.by_id["bitcoin"], MARKET.by_id["shiba-inu"]
CLOCK = [NOW]
SHOCKED = Market(1, lambda: CLOCK[0])
slots = st.integers(min_value=290_000_000, max_value=359_000_000)
widths = st.integers(min_value=1, max_value=40_000)
coins = st.sampled_from([BITCOIN, SHIB])


@given(coins, slots, widths, widths)
def test_neighbouring_spans_join_to_the_whole(coin, slot, first, second):
    start, middle, end = slot * 5, (slot + first) * 5, (slot + first + second) * 5
    parts = (MARKET.bar(coin, start, middle), MARKET.bar(coin, middle, end))
    assert merged(part for part in parts if part) == MARKET.bar(coin, start, end)


@given(coins, slots, st.sampled_from(range(len(LEVELS) - 1)), st.floats(0, 1))
def test_a_bucket_in_progress_holds_only_what_is_complete(coin, slot, level, share):
    size = LEVELS[level]
    start = slot * 5 // size * size
    now = start + share * size
    so_far, whole = MARKET.bar(coin, start, now), MARKET.bar(coin, start, start + size)
    complete = MARKET.bar(coin, start, math.floor(now / 5) * 5)
    assert so_far == complete
    if so_far is not None:
        assert whole is not None
        assert so_far.open == whole.open
        assert whole.low <= so_far.low <= so_far.high <= whole.high
        assert so_far.volume <= whole.volume


@given(coins, slots, widths)
def test_the_price_is_where_the_span_until_then_closes(coin, slot, width):
    bar = MARKET.bar(coin, slot * 5, (slot + width) * 5)
    if bar is not None:
        assert bar.close == MARKET.price(coin, (slot + width) * 5)


@given(st.floats(-99, 500), slots, widths, widths)
def test_a_shock_moves_what_follows_and_leaves_what_was(percent, slot, before, after):
    CLOCK[0] = slot * 5 + 3.0
    SHOCKED.shocks.clear()
    shocked, coin = SHOCKED, SHOCKED.by_id["bitcoin"]
    shocked.shock(coin, percent)
    factor = 1 + percent / 100
    start, moved, end = (slot - before) * 5, slot * 5, (slot + after) * 5
    earlier, later = MARKET.bar(BITCOIN, start, moved), MARKET.bar(BITCOIN, moved, end)
    assert shocked.bar(coin, start, moved) == earlier
    assert shocked.bar(coin, start, end) == merged([earlier, later.scaled(factor)])
    assert shocked.price(coin, end) == MARKET.price(BITCOIN, end) * factor


def test_shocks_add_up_and_are_visible_at_once():
    market = Market(1, lambda: NOW)
    coin = market.by_id["bitcoin"]
    calm = market.price(coin, NOW)
    market.shock(coin, 10)
    market.shock(coin, 10)
    assert market.price(coin, NOW) == pytest.approx(calm * 1.21)
    assert market.price(market.by_id["ethereum"], NOW) == MARKET.price(MARKET.by_id["ethereum"], NOW)


def test_the_catalogue_fills_two_pages_and_repeats_with_its_seed():
    assert len(MARKET.coins) == len(MARKET.by_id) == CATALOGUE_SIZE
    names = [(coin.id, coin.symbol, coin.supply) for coin in MARKET.coins]
    assert names == [(coin.id, coin.symbol, coin.supply) for coin in Market(1, lambda: NOW).coins]
    assert names != [(coin.id, coin.symbol, coin.supply) for coin in Market(2, lambda: NOW).coins]


def test_some_coins_have_no_price_and_some_a_stale_one():
    states = [coin.state for coin in MARKET.coins]
    assert states.count("dead") >= 5
    assert states.count("stale") >= 3
    assert {coin.state for coin in MARKET.coins[:20]} == {"active"}


def test_symbols_collide_and_the_default_asset_wins():
    assert [coin.id for coin in MARKET.coins if coin.symbol == "btc"] == ["bitcoin", "bridged-btc-example"]
    assert MARKET.find("BTC") is BITCOIN
    assert MARKET.find("bridged-btc-example") is MARKET.coins[21]
    assert MARKET.find("no such coin") is None
