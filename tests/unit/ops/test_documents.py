import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.documents import iso_time, plain, plain_decimal


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("77361.430000000000000000"), "77361.43"),
        (Decimal("1E-18"), "0.000000000000000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-18"), "0"),
        (datetime(2026, 11, 21, 7, 35, tzinfo=UTC), "2026-11-21T07:35:00.000000Z"),
        (datetime(2026, 11, 21, 7, 35, 0, 5), "2026-11-21T07:35:00.000005Z"),
        (datetime(2026, 11, 21, 9, 35, tzinfo=timezone(timedelta(hours=2))), "2026-11-21T07:35:00.000000Z"),
        (date(2026, 11, 21), "2026-11-21"),
        (float("nan"), None),
        (float("-inf"), None),
        (1.5, 1.5),
        (2**70, 2**70),
        (True, True),
        (b"\xff", "\\xff"),
        (("a", [Decimal("1.0")], {"b": None}), ["a", ["1"], {"b": None}]),
    ],
)
def test_values_are_what_json_has(value, expected):
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18))
def test_a_decimal_keeps_its_value_and_loses_its_zeros(number):
    text = plain_decimal(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert "." not in text or text[-1] not in "0."


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_has_one_shape(moment):
    assert len(iso_time(moment)) == len("2026-11-21T07:35:00.000000Z")
    assert datetime.fromisoformat(iso_time(moment)) == moment
