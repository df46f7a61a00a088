import pytest

from coinlake.errors import BadConfiguration
from coinlake.settings import require, require_int


@pytest.mark.parametrize("env", [{}, {"RAW_BUCKET": ""}])
def test_a_missing_variable_is_named(env: dict[str, str]):
    with pytest.raises(BadConfiguration, match="RAW_BUCKET is not set"):
        require(env, "RAW_BUCKET")


def test_a_number_that_is_none_is_named_with_its_value():
    with pytest.raises(BadConfiguration, match="MAX_RAW_MB is 'many', which is not a whole number"):
        require_int({"MAX_RAW_MB": "many"}, "MAX_RAW_MB")


def test_values_are_returned_as_they_stand():
    assert require({"A": " x "}, "A") == " x "
    assert require_int({"A": "64"}, "A") == 64
