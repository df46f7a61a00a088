from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.tables import DECIMAL
from transform.columns.numbers import (
    ANY,
    PRICE,
    InvalidNumber,
    decimals_from_texts,
    from_text,
    to_decimal,
    to_integer,
)

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
    assert to_decimal(Decimal(text)) == Decimal(rounded)


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
    with pytest.raises(InvalidNumber, match=code):
        to_decimal(value)


@given(st.decimals(min_value=-(10**19), max_value=10**19, places=25))
def test_rounding_agrees_with_the_decimal_module_at_any_size(value):
    with localcontext(prec=100):
        assert to_decimal(value) == value.quantize(Decimal("1e-18"), rounding=ROUND_HALF_EVEN)


@pytest.mark.parametrize(
    ("text", "bits", "number"),
    [("1", 32, 1), ("1.0", 32, 1), ("1e3", 32, 1000), ("-2147483648", 32, -(2**31))],
)
def test_a_whole_number_may_be_written_in_any_way(text, bits, number):
    assert to_integer(Decimal(text), bits) == number


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
    with pytest.raises(InvalidNumber, match=code):
        to_integer(value, bits)


def test_null_stays_null():
    assert to_decimal(None) is None
    assert to_integer(None, 64) is None


def test_the_limits_are_not_rounded_to_the_default_28_digits():
    assert ANY.high == LARGEST
    assert ANY.low == LARGEST.copy_negate()
    assert (PRICE.low, PRICE.high) == (Decimal("1e-18"), Decimal("1e12"))


NUMERALS = st.from_regex(r"[+-]?[0-9]{0,45}\.?[0-9]{0,25}(?:[eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(st.lists(NUMERALS, max_size=4))
def test_texts_are_read_at_once_exactly_or_not_at_all(texts):
    try:
        column = decimals_from_texts(texts)
    except ValueError:
        return
    assert column.type == DECIMAL
    assert column.to_pylist() == [Decimal(text) for text in texts]


def test_texts_from_a_file_are_read_at_once_too():
    column = decimals_from_texts(pa.array(["77361.43000000", None, "-0.00000001"]))
    assert column.to_pylist() == [Decimal("77361.43"), None, Decimal("-0.00000001")]


@pytest.mark.parametrize(
    "text", ["1e30", "1" + "0" * 30, "1e5", ".5", "5.", "", " 1", "0.1234567890123456789"]
)
def test_what_arrow_could_misread_is_left_to_python(text):
    with pytest.raises(ValueError, match="plain"):
        decimals_from_texts(["1", text])


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1e30", Decimal("1e30")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("+1", Decimal(1)),
        ("1,5", "1,5"),
        ("", ""),
        ("1_0", "1_0"),
        (7, 7),
        (None, None),
    ],
)
def test_a_text_of_a_number_is_that_number_and_anything_else_is_as_it_was(value, number):
    assert from_text(value) == number


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "inf", f"1e{'9' * 30}"])
def test_a_text_of_no_finite_number_is_not_finite(text):
    assert not from_text(text).is_finite()


def test_a_long_text_that_is_no_number_is_rejected_quickly():
    assert from_text("1" * 1_000_000 + "x").endswith("x")
