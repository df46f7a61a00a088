"""One market seen by several venues: small spreads, listing days, outages, and a coin that is gone."""

from datetime import UTC, datetime

import pytest

from simulator.market.market import Market
from simulator.market.prices import ANCHOR_DAY
from simulator.market.times import DAY, HOUR
from simulator.market.venues import BINANCE, COINBASE, DELISTED, LAST_OUTAGE, Venue, delisted_coin
from tests.unit.simulator.asgi import NOW

MARKET = Market(1, lambda: NOW)
VENUES = [Venue(MARKET, rules) for rules in (COINBASE, BINANCE)]
COINS = MARKET.coins[:20]
coinbase, binance = VENUES


@pytest.mark.parametrize("coin", COINS, ids=lambda coin: coin.symbol)
def test_venues_agree_up_to_a_few_basis_points(coin):
    start = (ANCHOR_DAY - 1) * DAY
    here, there = (venue.bar(coin, start, start + DAY) for venue in VENUES)
    assert here and there
    assert 0 <= abs(there.close / here.close - 1) <= 0.0008
    assert (there.volume, there.trades) == (10 * here.volume, 5 * here.trades)


def test_the_spreads_of_the_coins_differ():
    assert len({binance.factor(coin) for coin in COINS}) == len(COINS)
    assert {coinbase.factor(coin) for coin in COINS} == {1.0}


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.rules.name)
def test_every_asset_has_its_listing_hour_and_years_of_history(venue):
    hours = [venue.listed_at(coin) for coin in COINS]
    assert min(hours) == venue.rules.opened == hours[0]
    assert max(hours) < datetime(2023, 6, 1, tzinfo=UTC).timestamp()
    assert len(set(hours)) > 15 and all(hour % HOUR == 0 for hour in hours)


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.rules.name)
def test_nothing_trades_before_the_listing_and_the_first_day_is_a_part(venue):
    coin = MARKET.by_id["solana"]
    listed = venue.listed_at(coin)
    assert venue.bar(coin, listed - 30 * DAY, listed) is None
    assert venue.last(coin, listed) is None
    day = listed // DAY * DAY
    assert venue.bar(coin, day, day + DAY) == venue.bar(coin, listed, day + DAY)


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.rules.name)
def test_outages_are_a_few_whole_hours_about_twice_a_year_and_none_of_late(venue):
    assert 1 < len(venue.outages) * 365 * DAY / (LAST_OUTAGE - venue.rules.opened) < 3
    for start, end in venue.outages:
        assert start % HOUR == end % HOUR == 0 and HOUR <= end - start <= 6 * HOUR
        assert end < LAST_OUTAGE
    assert any(start > LAST_OUTAGE - 365 * DAY for start, _ in venue.outages)


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.rules.name)
def test_an_outage_leaves_no_trade_and_a_longer_bar_is_what_is_left(venue):
    coin = MARKET.by_id["bitcoin"]
    start, end = venue.outages[-1]
    assert (
        venue.is_down(start, end) and not venue.is_down(start - 1, end) and not venue.is_down(start, end + 1)
    )
    assert venue.bar(coin, start, end) is None
    day = start // DAY * DAY
    whole = venue.bar(coin, day, day + 2 * DAY)
    parts = [venue.bar(coin, hour, hour + HOUR) for hour in range(day, day + 2 * DAY, HOUR)]
    assert whole and whole.volume == sum(part.volume for part in parts if part)
    assert whole.high == max(part.high for part in parts if part)
    assert sum(part is None for part in parts) == (end - start) // HOUR


def test_the_venues_are_down_at_different_hours():
    assert not set(coinbase.outages) & set(binance.outages)


def test_during_an_outage_the_last_price_stands_still():
    coin = MARKET.by_id["bitcoin"]
    start, end = binance.outages[0]
    assert binance.last(coin, start) == binance.last(coin, (start + end) / 2) == binance.last(coin, end)


def test_the_retired_coin_ends_with_its_last_day():
    coin = delisted_coin(MARKET)
    assert binance.bar(coin, DELISTED - DAY, DELISTED)
    assert binance.bar(coin, DELISTED, DELISTED + DAY) is None
    assert binance.last(coin, NOW) == binance.last(coin, DELISTED)


def test_a_shock_moves_every_venue():
    market = Market(1, lambda: NOW)
    coin = market.by_id["bitcoin"]
    venues = [Venue(market, rules) for rules in (COINBASE, BINANCE)]
    before = [venue.last(coin, NOW + 60) for venue in venues]
    market.shock(coin, 10)
    assert [venue.last(coin, NOW + 60) for venue in venues] == pytest.approx(
        [1.1 * price for price in before if price]
    )
