"""The price process: one tree in which every zoom tells the same story."""

import statistics
from math import log

from hypothesis import given
from hypothesis import strategies as st

from simulator.market.bars import apportion, merged
from simulator.market.prices import ANCHOR_DAY, LEVELS, PriceTree, TradingProfile

LIQUID = TradingProfile(price=77_361, volatility=0.02, trades=300_000, volume=8_000 * 10**8)
THIN = TradingProfile(price=8.47e-06, volatility=0.03, trades=1_500, volume=3 * 10**12)
tempers = st.sampled_from([LIQUID, THIN])
keys = st.text(max_size=8)
moments = st.integers(min_value=1_437_350_400, max_value=2_000_000_000)
levels = st.integers(min_value=0, max_value=len(LEVELS) - 2)


@given(keys, tempers, levels, moments)
def test_a_bucket_is_exactly_what_its_parts_add_up_to(key, profile, level, moment):
    prices = PriceTree(key, profile)
    index = moment // LEVELS[level]
    fan = LEVELS[level] // LEVELS[level + 1]
    parts = [prices.node(level + 1, child) for child in range(index * fan, (index + 1) * fan)]
    assert prices.node(level, index) == merged(part for part in parts if part)


@given(keys, tempers, levels, moments)
def test_a_bar_is_possible(key, profile, level, moment):
    bar = PriceTree(key, profile).node(level, moment // LEVELS[level])
    if bar is not None:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert 1 <= bar.trades <= bar.volume


@given(keys, tempers, moments, moments)
def test_the_order_of_questions_changes_no_answer(key, profile, first, second):
    one, other = PriceTree(key, profile), PriceTree(key, profile)
    earlier = [one.last(first), one.last(second)]
    assert earlier == [other.last(moment) for moment in (second, first)][::-1]


@given(tempers, moments)
def test_a_bucket_opens_where_the_one_before_closed(profile, moment):
    prices = PriceTree("chain", profile)
    index = moment // 3_600
    before, after = prices.node(2, index - 1), prices.node(2, index)
    assert before and after and before.close == after.open


@given(tempers, moments)
def test_the_last_price_is_the_close_of_the_last_slot_that_traded(profile, moment):
    prices = PriceTree("last", profile)
    slot = prices.last_slot(moment)
    bar = prices.node(len(LEVELS) - 1, slot)
    assert (slot + 1) * 5 <= moment
    assert bar is not None and bar.close == prices.last(moment)
    between = range(slot + 1, moment // 5)
    assert all(prices.node(len(LEVELS) - 1, later) is None for later in between)


@given(st.integers(min_value=0, max_value=10**15), st.lists(st.floats(0.01, 10), min_size=1, max_size=12))
def test_sharing_loses_nothing(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0


def test_a_share_of_weight_zero_is_nothing():
    assert apportion(7, [0.0, 1.0, 0.0]) == [0, 7, 0]


def test_two_seeds_are_two_markets():
    assert PriceTree("1/bitcoin", LIQUID).day(20_000) != PriceTree("2/bitcoin", LIQUID).day(20_000)


def test_the_anchor_day_begins_at_the_listed_price():
    assert PriceTree("1/bitcoin", LIQUID).day(ANCHOR_DAY).open == LIQUID.price


def test_days_move_as_much_as_the_volatility_says():
    prices = PriceTree("1/bitcoin", LIQUID)
    moves = [log(prices.level(day + 1) / prices.level(day)) for day in range(ANCHOR_DAY - 1_000, ANCHOR_DAY)]
    assert 0.8 < statistics.stdev(moves) / LIQUID.volatility < 1.2


def test_no_minute_of_a_liquid_market_is_idle_and_many_of_a_thin_one_are():
    minutes = range(ANCHOR_DAY * 1_440, (ANCHOR_DAY + 1) * 1_440)
    liquid, thin = PriceTree("1/bitcoin", LIQUID), PriceTree("1/shiba-inu", THIN)
    assert all(liquid.node(5, minute) for minute in minutes)
    assert 200 < sum(thin.node(5, minute) is None for minute in minutes) < 1_200


def test_an_extreme_is_no_lonely_spike():
    """A day's range is reached step by step: no five seconds of it span a tenth."""
    prices = PriceTree("1/bitcoin", LIQUID)
    day = prices.day(ANCHOR_DAY)
    slots = [prices.node(6, slot) for slot in range(ANCHOR_DAY * 17_280, (ANCHOR_DAY + 1) * 17_280)]
    assert max(bar.high - bar.low for bar in slots if bar) < (day.high - day.low) / 10
