import pytest

from coinlake.errors import BadConfiguration
from transform.settings import Settings

ENVIRONMENT = {
    "RAW_BUCKET": "raw",
    "LAKE_BUCKET": "lake",
    "CONFIG_BUCKET": "artifacts",
    "CONFIG_KEY": "config/x.json",
    "CODE_VERSION": "0123456789abcdef",
    "MAX_RAW_MB": "64",
}


def test_settings_come_from_the_environment_by_name():
    assert Settings.from_env(ENVIRONMENT) == Settings(
        "raw", "lake", "artifacts", "config/x.json", "0123456789abcdef", 64 * 1024 * 1024
    )


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_a_missing_environment_variable_is_named(name):
    with pytest.raises(BadConfiguration, match=name):
        Settings.from_env({other: value for other, value in ENVIRONMENT.items() if other != name})


def test_a_cap_that_is_no_number_is_refused():
    with pytest.raises(BadConfiguration, match="MAX_RAW_MB"):
        Settings.from_env({**ENVIRONMENT, "MAX_RAW_MB": "lots"})
