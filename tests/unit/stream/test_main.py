"""The collector's exit code: whether the configuration is to be corrected, or a restart may help."""

import json

import pytest

from stream import __main__ as program


@pytest.fixture
def environment(monkeypatch, tmp_path):
    settings = {
        "RAW_BUCKET": "raw",
        "CONFIG_BUCKET": "artifacts",
        "CONFIG_KEY": "config/test.json",
        "LATEST_TABLE": "latest",
        "SPOOL_DIR": str(tmp_path),
        "STREAMS": json.dumps({"streams": ["btcusdt@trade"], "host": "data"}),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",  # where nobody listens
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_setting_that_is_missing_ends_it_with_2(environment):
    environment.delenv("RAW_BUCKET")
    assert program.main() == 2


def test_a_store_that_does_not_answer_ends_it_with_1(environment):
    assert program.main() == 1
