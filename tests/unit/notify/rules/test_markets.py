"""Rules on refined tables, each beside a reckoning of its own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.alert_rules import Kind, MarketRule
from notify.rules import markets as rules
from notify.rules.market_rows import DayRow, SpreadRow

AT = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
TODAY = date(2026, 11, 21)
prices = st.decimals(min_value="0.000000000000000001", max_value=10**12, places=18)
limits = st.decimals(min_value="0.01", max_value=99, places=2)


def rule(kind: Kind, limit: str | int | Decimal, days: int = 0, **changes) -> MarketRule:
    known = MarketRule("r", "BTC", "USD", None, kind, Decimal(limit), days, timedelta(hours=1))
    return replace(known, **changes)


def venue(price: str | Decimal, median_price: str | Decimal = "100", venues: int = 3) -> SpreadRow:
    return SpreadRow("coinbase", "BTC", "USD", AT, Decimal(price), Decimal(median_price), venues)


def day(back: int = 0, close: str | Decimal = "100", **changes) -> DayRow:
    """A day so many days ago, whose only price was ``close``."""
    price = Decimal(close)
    known = DayRow(
        *("coinbase", "BTC", "USD", TODAY - timedelta(days=back), price, price, price, price, None, None),
        made_from="1h",
        is_complete=back > 0,
        has_gap=False,
    )
    return replace(known, **changes)


def before(*closes: str, **changes) -> list[DayRow]:
    """The days before today, newest first."""
    return [day(back, close, **changes) for back, close in enumerate(closes, start=1)]


@pytest.mark.parametrize(
    ("price", "fires"), [("100.30", True), ("99.70", True), ("100.299999999999999999", False), ("100", False)]
)
def test_a_spread_fires_either_way_from_exactly_its_limit(price, fires):
    firing = rules.spread(rule(Kind.SPREAD, 30), venue(price))
    assert (firing is not None) is fires
    assert firing is None or abs(firing.value) == 30


def test_a_source_alone_has_no_spread():
    assert rules.spread(rule(Kind.SPREAD, 1), venue("200", "100", venues=1)) is None


def test_without_a_median_above_zero_nothing_fires():
    assert rules.spread(rule(Kind.SPREAD, 1), venue("1", "0")) is None


@given(price=prices, middle=prices, limit=limits)
def test_a_spread_fires_exactly_where_fractions_say_so(price, middle, limit):
    firing = rules.spread(rule(Kind.SPREAD, limit), venue(price, middle))
    bps = (Fraction(price) / Fraction(middle) - 1) * 10_000
    assert (firing is not None) == (abs(bps) >= Fraction(limit))


@given(close=prices, peak=prices, limit=limits)
def test_a_drawdown_fires_exactly_where_fractions_say_so(close, peak, limit):
    peak = max(close, peak)
    firing = rules.day(rule(Kind.DRAWDOWN, limit), day(close=close, peak=peak), [])
    fallen = (1 - Fraction(close) / Fraction(peak)) * 100
    assert (firing is not None) == (fallen >= Fraction(limit))
    assert firing is None or firing.compared == peak


@given(volumes=st.lists(st.decimals("0.01", 10**9, places=2), min_size=5, max_size=10), today=prices)
def test_a_volume_is_compared_with_the_median_of_the_days_before(volumes, today):
    earlier = [day(back, volume=volume) for back, volume in enumerate(volumes, start=1)]
    firing = rules.day(rule(Kind.VOLUME, 3, days=10), day(volume=today), earlier)
    usual = median(Fraction(volume) for volume in volumes)
    assert (firing is not None) == (Fraction(today) >= 3 * usual)
    assert firing is None or (firing.compared, firing.count, firing.volume_unit) == (
        usual,
        len(volumes),
        "BTC",
    )


def test_a_volume_in_the_quote_currency_is_compared_with_such_volumes_alone():
    earlier = before(*["1"] * 5, volume=Decimal(1), quote_volume=Decimal(100))
    firing = rules.day(rule(Kind.VOLUME, 2, days=10), day(quote_volume=Decimal(250)), earlier)
    assert firing is not None
    assert (firing.value, firing.volume_unit) == (Decimal("2.5"), "USD")


def test_days_beyond_the_window_do_not_count():
    earlier = [*before("1", "1", volume=Decimal(1)), day(3, volume=Decimal(10**6))]
    assert rules.day(rule(Kind.VOLUME, 2, days=2), day(volume=Decimal(5)), earlier) is not None
    assert rules.day(rule(Kind.HIGH, 2, days=2), day(close="5"), earlier) is not None
    assert rules.day(rule(Kind.HIGH, 3, days=3), day(close="5"), earlier) is None


@pytest.mark.parametrize(
    ("kind", "close", "fires"),
    [
        (Kind.HIGH, "106", True),
        (Kind.HIGH, "105", False),
        (Kind.LOW, "94", True),
        (Kind.LOW, "95", False),
        (Kind.HIGH, "94", False),
        (Kind.LOW, "106", False),
    ],
)
def test_a_new_high_or_low_is_beyond_every_price_not_only_beyond_closes(kind, close, fires):
    earlier = before("100", "100", "100", high=Decimal(105), low=Decimal(95))
    firing = rules.day(rule(kind, 4, days=4), day(close=close), earlier)
    assert (firing is not None) is fires


def test_a_high_of_all_days_needs_a_week_and_one_of_n_days_half_of_them():
    week = before(*["1"] * 7)
    assert rules.day(rule(Kind.HIGH, 0), day(close="2"), week) is not None
    assert rules.day(rule(Kind.HIGH, 0), day(close="2"), week[:6]) is None
    assert rules.day(rule(Kind.HIGH, 14, days=14), day(close="2"), week) is not None
    assert rules.day(rule(Kind.HIGH, 15, days=15), day(close="2"), week) is None
    assert rules.day(rule(Kind.VOLUME, 2, days=1), day(volume=Decimal(9)), []) is None


@pytest.mark.parametrize(
    ("kind", "limit", "changes"),
    [
        (Kind.DRAWDOWN, 10, {"close": "80", "peak": Decimal(100)}),
        (Kind.VOLUME, 3, {"volume": Decimal(9)}),
        (Kind.HIGH, 10, {"close": "200"}),
        (Kind.LOW, 10, {"close": "2"}),
    ],
)
def test_of_a_day_with_a_gap_no_rule_says_anything(kind, limit, changes):
    earlier = before(*["100"] * 10, volume=Decimal(1))
    for has_gap, fires in ((False, True), (True, False), (None, False)):
        firing = rules.day(rule(kind, limit, days=10), day(**changes, has_gap=has_gap), earlier)
        assert (firing is not None) is fires


def test_a_usual_volume_is_that_of_complete_days():
    holed = [day(back, volume=Decimal(1), is_complete=False) for back in range(1, 6)]
    whole = [day(back, volume=Decimal(100)) for back in range(6, 11)]
    assert rules.day(rule(Kind.VOLUME, 3, days=10), day(volume=Decimal(5)), [*holed, *whole]) is None
    assert rules.day(rule(Kind.VOLUME, 3, days=10), day(volume=Decimal(300)), [*holed, *whole]).count == 5


def test_the_volume_of_the_24_hours_to_a_quote_is_not_compared_with_that_of_days():
    """After a day of 2,400 the rolling volume of the first quote is 2,395: no second burst."""
    earlier = [day(1, volume=Decimal(2400)), *(day(back, volume=Decimal(240)) for back in range(2, 9))]
    rolling = day(volume=Decimal(2395), made_from="quotes")
    assert rules.day(rule(Kind.VOLUME, 3, days=8), rolling, earlier) is None
    assert rules.day(rule(Kind.VOLUME, 3, days=8), replace(rolling, is_complete=True), earlier) is None
    assert rules.day(rule(Kind.VOLUME, 3, days=8), earlier[0], earlier[1:]) is not None


def test_days_made_of_quotes_are_compared_with_each_other_once_they_are_complete():
    earlier = [day(back, volume=Decimal(240), made_from="quotes") for back in range(1, 8)]
    today = day(volume=Decimal(2395), made_from="quotes")
    assert rules.day(rule(Kind.VOLUME, 3, days=7), today, earlier) is None
    assert rules.day(rule(Kind.VOLUME, 3, days=7), replace(today, is_complete=True), earlier) is not None


@pytest.mark.parametrize("hole", [{"is_complete": False}, None])
@pytest.mark.parametrize(("back", "fires"), [(1, False), (7, False), (8, True), (12, True)])
def test_a_high_counts_the_days_up_to_the_first_hole(hole, back, fires):
    """The hole may hide a higher price; what lies before it is not known to be passed."""
    week = before(*["1"] * 12)
    holed = [row for row in week if row.dt != TODAY - timedelta(days=back)]
    holed += [day(back, "1", **hole)] if hole else []
    holed.sort(key=lambda row: row.dt, reverse=True)
    assert (rules.day(rule(Kind.HIGH, 0), day(close="2"), holed) is not None) is fires


def test_a_higher_price_beyond_a_hole_still_says_no():
    earlier = [*before(*["1"] * 8), day(9, "1", is_complete=False), day(10, "3")]
    assert rules.day(rule(Kind.HIGH, 0), day(close="2"), earlier) is None


def test_without_a_complete_day_there_is_no_peak_to_fall_from():
    assert rules.day(rule(Kind.DRAWDOWN, 1), day(close="80", peak=None), []) is None


def test_history_is_read_no_further_than_the_first_day_that_decides():
    def earlier():
        yield day(1, "3")
        raise AssertionError("read on")

    assert rules.day(rule(Kind.HIGH, 0), day(close="2"), earlier()) is None


def test_the_event_of_a_day_is_its_midnight_so_it_fires_once():
    firing = rules.day(rule(Kind.DRAWDOWN, 10), day(close="80", peak=Decimal(100)), [])
    assert firing.at == datetime(2026, 11, 21, tzinfo=UTC)
    assert firing.value == 20


@pytest.mark.parametrize(
    ("changes", "watched"),
    [({}, True), ({"asset": "ETH"}, False), ({"quote": "USDT"}, False), ({"source": "binance"}, False)],
)
def test_a_rule_watches_its_asset_currency_and_source(changes, watched):
    assert rules.watches(rule(Kind.SPREAD, 1, **changes), venue("1")) is watched
