from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.alert_rules import PriceRule
from notify.rules import prices as rules
from notify.rules.observations import Observation
from notify.rules.prices import PricePoint

AT = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
HOUR = timedelta(hours=1)
prices = st.decimals(min_value="0.000000000000000001", max_value=10**12, places=18)
percents = st.decimals(min_value="0.01", max_value=1000, places=2)


def rule(**changes) -> PriceRule:
    level = {"above": None, "below": None, "change_percent": None, "source": None}
    return PriceRule(
        **{"name": "r", "asset": "BTC", "quote": "USD", "window": HOUR, "cooldown": HOUR} | level | changes
    )


def seen(price: str | Decimal = "100", **changes) -> Observation:
    row = {"source": "coingecko", "base": "BTC", "quote": "USD", "at": AT, "raw_key": "raw/x"}
    return Observation(**row | {"price": Decimal(price)} | changes)


@pytest.mark.parametrize(
    ("price", "level", "fires"),
    [
        ("100.01", {"above": Decimal(100)}, True),
        ("100", {"above": Decimal(100)}, False),
        ("99", {"above": Decimal(100)}, False),
        ("99.99", {"below": Decimal(100)}, True),
        ("100", {"below": Decimal(100)}, False),
        ("101", {"below": Decimal(100)}, False),
    ],
)
def test_a_level_fires_beyond_it_and_not_on_it(price, level, fires):
    assert bool(rules.check(rule(**level), seen(price))) is fires


@pytest.mark.parametrize(
    ("price", "base", "change"), [("105", "100", "5"), ("95", "100", "-5"), ("0.00000945", "0.000009", "5")]
)
def test_a_change_fires_either_way_from_exactly_its_percentage(price, base, change):
    firing = rules.check(rule(change_percent=Decimal(5)), seen(price), PricePoint(AT - HOUR, Decimal(base)))
    assert firing is not None
    assert firing.change_percent == Decimal(change)


@pytest.mark.parametrize("price", ["104.999999999999999999", "95.000000000000000001", "100"])
def test_a_smaller_change_does_not_fire(price):
    base = PricePoint(AT - HOUR, Decimal(100))
    assert rules.check(rule(change_percent=Decimal(5)), seen(price), base) is None


@given(price=prices, base=prices, percent=percents)
def test_a_change_fires_exactly_where_fractions_say_so(price, base, percent):
    firing = rules.check(rule(change_percent=percent), seen(price), PricePoint(AT - HOUR, base))
    moved = abs(Fraction(price) / Fraction(base) - 1) * 100
    assert (firing is not None) == (moved >= Fraction(percent))


def test_without_a_base_price_a_change_never_fires():
    assert rules.check(rule(change_percent=Decimal(5)), seen("1000000")) is None


def test_a_base_of_zero_never_fires():
    assert rules.check(rule(change_percent=Decimal(5)), seen("1"), PricePoint(AT, Decimal(0))) is None


def test_a_rule_on_a_level_has_no_change():
    firing = rules.check(rule(above=Decimal(1)), seen())
    with pytest.raises(ValueError, match="compares with a level"):
        _ = firing.change_percent


@pytest.mark.parametrize(
    ("changes", "watched"),
    [
        ({}, True),
        ({"base": "ETH"}, False),
        ({"quote": "USDT"}, False),
        ({"source": "coinbase"}, True),
    ],
)
def test_a_rule_without_a_source_watches_its_pair_on_every_source(changes, watched):
    assert rules.watches(rule(above=Decimal(1)), seen(**changes)) is watched


def test_a_rule_with_a_source_watches_only_that():
    assert rules.watches(rule(source="coinbase"), seen(source="coinbase"))
    assert not rules.watches(rule(source="coinbase"), seen())


def test_the_base_lies_a_window_back_and_at_most_half_a_window_and_one_spacing_more():
    oldest, newest = rules.reference_range(rule(), AT, timedelta(minutes=5))
    assert newest == AT - timedelta(minutes=60)
    assert oldest == AT - timedelta(minutes=95)


@given(minutes=st.integers(1, 10_080), spacing=st.integers(0, 1440))
def test_a_price_is_kept_for_longer_than_it_can_be_a_base(minutes, spacing):
    watching, apart = rule(window=timedelta(minutes=minutes)), timedelta(minutes=spacing)
    oldest, _ = rules.reference_range(watching, AT, apart)
    assert rules.retention([watching], apart) >= AT - oldest + timedelta(days=1)
