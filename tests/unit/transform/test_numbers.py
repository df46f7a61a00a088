from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform.numbers import ANY, PRICE, Bad, exact, whole

LARGEST = Decimal("99999999999999999999.999999999999999999")


@pytest.mark.parametrize(
    ("text", "rounded"),
    [
        ("0.1", "0.1"),
        ("1.2345678901234567885", "1.234567890123456788"),
        ("1.2345678901234567895", "1.234567890123456790"),
        ("-0.0000000000000000005", "0"),
        ("1e-999999999", "0"),
        (str(LARGEST), str(LARGEST)),
        (str(LARGEST.copy_negate()), str(LARGEST.copy_negate())),
    ],
)
def test_a_number_keeps_18_decimals_and_is_rounded_half_even(text, rounded):
    assert exact(Decimal(text)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "bad_type"),
        ("77361", "bad_type"),
        ([], "bad_type"),
        ({}, "bad_type"),
        (Decimal("NaN"), "nonfinite"),
        (Decimal("sNaN"), "nonfinite"),
        (Decimal("-Infinity"), "nonfinite"),
        (Decimal("1e999"), "nonfinite"),
        (Decimal("1e20"), "out_of_range"),
        (Decimal("99999999999999999999.9999999999999999995"), "out_of_range"),
        (Decimal("9" * 5000), "out_of_range"),
    ],
)
def test_a_value_that_is_no_such_number_has_its_code(value, code):
    with pytest.raises(Bad, match=code):
        exact(value)


@given(st.decimals(min_value=-(10**19), max_value=10**19, places=25))
def test_rounding_agrees_with_the_decimal_module_at_any_size(value):
    with localcontext(prec=100):
        assert exact(value) == value.quantize(Decimal("1e-18"), rounding=ROUND_HALF_EVEN)


@pytest.mark.parametrize(
    ("text", "bits", "number"),
    [("1", 32, 1), ("1.0", 32, 1), ("1e3", 32, 1000), ("-2147483648", 32, -(2**31))],
)
def test_a_whole_number_may_be_written_in_any_way(text, bits, number):
    assert whole(Decimal(text), bits) == number


@pytest.mark.parametrize(
    ("value", "bits", "code"),
    [
        (Decimal("1.5"), 32, "bad_type"),
        ("1", 32, "bad_type"),
        (False, 64, "bad_type"),
        (Decimal(2**31), 32, "out_of_range"),
        (Decimal(2**63), 64, "out_of_range"),
        (Decimal("9" * 4301), 64, "out_of_range"),
        (Decimal("NaN"), 64, "nonfinite"),
        (Decimal("1e400"), 64, "nonfinite"),
    ],
)
def test_what_is_no_whole_number_has_its_code(value, bits, code):
    with pytest.raises(Bad, match=code):
        whole(value, bits)


def test_nothing_stays_nothing():
    assert exact(None) is None
    assert whole(None, 64) is None


def test_the_limits_are_not_rounded_to_the_default_28_digits():
    assert ANY.high.as_py() == LARGEST
    assert ANY.low.as_py() == LARGEST.copy_negate()
    assert (PRICE.low.as_py(), PRICE.high.as_py()) == (Decimal("1e-18"), Decimal("1e12"))
