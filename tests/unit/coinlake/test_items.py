from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.items import deserialize, serialize, sortable


def test_texts_and_numbers_are_typed_as_dynamodb_writes_them():
    values = {
        "pk": "limit#x",
        "free_at": 1795000000000,
        "price": Decimal("77361.430"),
        "zero": Decimal("0E-8"),
    }
    assert serialize(values) == {
        "pk": {"S": "limit#x"},
        "free_at": {"N": "1795000000000"},
        "price": {"N": "77361.430"},
        "zero": {"N": "0E-8"},
    }


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**19), max_value=10**19))
def test_a_decimal_keeps_its_digits_there_and_back(number: Decimal):
    assert str(deserialize(serialize({"n": number}))["n"]) == str(number)


@pytest.mark.parametrize("number", ["1" * 39, "0." + "1" * 39, "1E+127", "1E-200", "1." + "0" * 38])
def test_a_number_that_dynamodb_would_round_is_refused(number: str):
    with pytest.raises(ValueError, match="cannot hold exactly"):
        serialize({"price": Decimal(number)})


@pytest.mark.parametrize("number", ["NaN", "sNaN", "-NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_refused(number: str):
    with pytest.raises(ValueError, match="price is -?s?(NaN|Infinity), which is not a finite number"):
        serialize({"price": Decimal(number)})


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        serialize({"price": 0.1})


def test_times_of_any_offset_sort_as_text():
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    later_elsewhere = (noon + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=-5)))
    assert sortable(noon) == "2026-11-21T12:00:00.000000+00:00"
    assert sortable(noon) < sortable(later_elsewhere)
