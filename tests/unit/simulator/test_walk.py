"""The price process: one tree in which every zoom tells the same story."""

import statistics
import time
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.bars import joined, shared
from simulator.walk import ANCHOR_DAY, LEVELS, Temper, Walk

LIQUID = Temper(price=77_361, volatility=0.02, trades=300_000, volume=8_000 * 10**8)
THIN = Temper(price=8.47e-06, volatility=0.03, trades=1_500, volume=3 * 10**12)
tempers = st.sampled_from([LIQUID, THIN])
keys = st.text(max_size=8)
moments = st.integers(min_value=1_437_350_400, max_value=2_000_000_000)
levels = st.integers(min_value=0, max_value=len(LEVELS) - 2)


@given(keys, tempers, levels, moments)
def test_a_bucket_is_exactly_what_its_parts_add_up_to(key, temper, level, moment):
    walk = Walk(key, temper)
    index = moment // LEVELS[level]
    fan = LEVELS[level] // LEVELS[level + 1]
    parts = [walk.node(level + 1, child) for child in range(index * fan, (index + 1) * fan)]
    assert walk.node(level, index) == joined(part for part in parts if part)


@given(keys, tempers, levels, moments)
def test_a_bar_is_possible(key, temper, level, moment):
    bar = Walk(key, temper).node(level, moment // LEVELS[level])
    if bar is not None:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert 1 <= bar.trades <= bar.volume


@given(keys, tempers, moments, moments)
def test_the_order_of_questions_changes_no_answer(key, temper, first, second):
    one, other = Walk(key, temper), Walk(key, temper)
    earlier = [one.last(first), one.last(second)]
    assert earlier == [other.last(moment) for moment in (second, first)][::-1]


@given(tempers, moments)
def test_a_bucket_opens_where_the_one_before_closed(temper, moment):
    walk = Walk("chain", temper)
    index = moment // 3_600
    before, after = walk.node(2, index - 1), walk.node(2, index)
    assert before and after and before.close == after.open


@given(tempers, moments)
def test_the_last_price_is_the_close_of_the_last_slot_that_traded(temper, moment):
    walk = Walk("last", temper)
    slot = walk.last_slot(moment)
    bar = walk.node(len(LEVELS) - 1, slot)
    assert (slot + 1) * 5 <= moment
    assert bar is not None and bar.close == walk.last(moment)
    between = range(slot + 1, moment // 5)
    assert all(walk.node(len(LEVELS) - 1, later) is None for later in between)


@given(st.integers(min_value=0, max_value=10**15), st.lists(st.floats(0.01, 10), min_size=1, max_size=12))
def test_sharing_loses_nothing(total, weights):
    parts = shared(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0


def test_a_share_of_weight_zero_is_nothing():
    assert shared(7, [0.0, 1.0, 0.0]) == [0, 7, 0]


def test_two_seeds_are_two_markets():
    assert Walk("1/bitcoin", LIQUID).day(20_000) != Walk("2/bitcoin", LIQUID).day(20_000)


def test_the_anchor_day_begins_at_the_listed_price():
    assert Walk("1/bitcoin", LIQUID).day(ANCHOR_DAY).open == LIQUID.price


def test_days_move_as_much_as_the_volatility_says():
    walk = Walk("1/bitcoin", LIQUID)
    moves = [log(walk.level(day + 1) / walk.level(day)) for day in range(ANCHOR_DAY - 1_000, ANCHOR_DAY)]
    assert 0.8 < statistics.stdev(moves) / LIQUID.volatility < 1.2


def test_no_minute_of_a_liquid_market_is_idle_and_many_of_a_thin_one_are():
    minutes = range(ANCHOR_DAY * 1_440, (ANCHOR_DAY + 1) * 1_440)
    liquid, thin = Walk("1/bitcoin", LIQUID), Walk("1/shiba-inu", THIN)
    assert all(liquid.node(5, minute) for minute in minutes)
    assert 200 < sum(thin.node(5, minute) is None for minute in minutes) < 1_200


def test_an_extreme_is_no_lonely_spike():
    """A day's range is reached step by step: no five seconds of it span a tenth."""
    walk = Walk("1/bitcoin", LIQUID)
    day = walk.day(ANCHOR_DAY)
    slots = [walk.node(6, slot) for slot in range(ANCHOR_DAY * 17_280, (ANCHOR_DAY + 1) * 17_280)]
    assert max(bar.high - bar.low for bar in slots if bar) < (day.high - day.low) / 10


@pytest.mark.parametrize("level", range(len(LEVELS)))
def test_three_hundred_fresh_buckets_of_any_size_take_well_under_100_ms(level):
    newest = ANCHOR_DAY * 86_400 // LEVELS[level]

    def seconds():
        walk = Walk("fast", LIQUID)  # nothing of it is remembered yet
        began = time.thread_time()
        assert len([walk.node(level, newest - back) for back in range(300)]) == 300
        return time.thread_time() - began

    assert min(seconds() for _ in range(5)) < 0.05
