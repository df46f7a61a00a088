from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.messages import formats

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
values = st.decimals(min_value="0.000000000000000001", max_value=10**15, places=18)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("77361.43", "77,361.43"),
        ("75000", "75,000.00"),
        ("1234567.891", "1,234,567.89"),
        ("1.08341", "1.0834"),
        ("95.1", "95.10"),
        ("0.99984", "1.00"),
        ("0.9984", "0.998"),
        ("0.00000847123", "0.00000847"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("0", "0.00"),
    ],
)
def test_an_amount_has_its_significant_digits(value, text):
    assert formats.amount(Decimal(value)) == text


def test_an_amount_beyond_a_level_never_looks_equal_to_it():
    assert formats.amount(Decimal("75000.0004"), Decimal(75000)) == "75,000.0004"
    assert formats.amount(Decimal(75000), Decimal(75000)) == "75,000.00"


@given(value=values, level=values)
def test_different_values_never_look_equal(value, level):
    if value != level:
        assert Decimal(formats.amount(value, level).replace(",", "")) != level


@given(values)
def test_an_amount_is_within_half_a_percent(value):
    shown = Decimal(formats.amount(value).replace(",", ""))
    assert abs(shown - value) <= value * Decimal("0.005")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("75000", "75,000"),
        ("75000.50", "75,000.5"),
        ("0.00000847", "0.00000847"),
        ("1E+3", "1,000"),
        ("0", "0"),
    ],
)
def test_an_exact_value_keeps_every_digit_and_no_more(value, text):
    assert formats.exact(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5.3", "+5.3 %"),
        ("-5.26", "-5.3 %"),
        ("0.424", "+0.42 %"),
        ("12345.6", "+12,345.6 %"),
        ("5", "+5.0 %"),
    ],
)
def test_a_change_has_its_sign(value, text):
    assert formats.percent(Decimal(value)) == text


def test_times_are_utc_with_the_date_where_it_is_not_today():
    assert formats.when(NOW - timedelta(seconds=20)) == "2026-11-21 07:59:40 UTC"
    assert formats.clock(NOW - timedelta(minutes=25), NOW) == "07:35 UTC"
    assert formats.clock(NOW - timedelta(days=1), NOW) == "2026-11-20 08:00 UTC"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0.5, "less than a minute"),
        (25, "25 min"),
        (60, "1 h"),
        (90, "1 h 30 min"),
        (3121, "2 d 4 h"),
        (1440, "1 d"),
    ],
)
def test_a_span_is_shown_in_its_two_largest_units(minutes, text):
    assert formats.span(timedelta(minutes=minutes)) == text


def test_one_is_not_plural():
    assert formats.counted(1, "row") == "1 row"
    assert formats.counted(1200, "row") == "1,200 rows"


@given(st.text(st.characters(), max_size=300))
def test_any_text_becomes_a_subject_that_sns_accepts(text):
    subject = formats.subject(text)
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert not subject.startswith(" ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("34512345678.9", "34.5 B"),
        ("1080000000000", "1.08 T"),
        ("999600000", "1 B"),
        ("950123", "950 K"),
        ("-2500000", "-2.5 M"),
        ("12.5", "12.50"),
        ("0", "0.00"),
    ],
)
def test_a_volume_has_three_digits_and_a_unit(value, text):
    assert formats.large(Decimal(value)) == text
